import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { modelVersionKind } from '@skerry/api/kinds/model'
import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import { pushModel } from '../commands/model-push.ts'
import { createJoinToken } from '../commands/token-create.ts'
import { CommandError } from '../exit-code.ts'
import { type HubAccess, openHub } from '../hub-access.ts'
import { createMissing } from './apply.ts'
import { createDemoSites, greenSites, siteNames } from './demo-sites.ts'
import { forgetDemo } from './forget-demo.ts'
import { ProcessRecord } from './leftovers.ts'
import { examplePath, programPath } from './program.ts'
import { SupervisedProcess } from './supervised-process.ts'
import { showWelcome } from './welcome.ts'

export type UpOptions = {
  readonly sites: number
  readonly data: string
  readonly port: number
  readonly reset: boolean
}

const hubReadyWithinMs = 60_000
const greenWithinMs = 120_000
const lookEveryMs = 250
const tokenValidForMs = 3_600_000

type Start = (
  name: string,
  command: readonly string[],
  environment?: Readonly<Record<string, string>>,
) => SupervisedProcess

/**
 * `skerry up`: one hub and some sites on this machine, each a process of its own with its own folder,
 * key and state. Goes on from what is there. Resolves when everything has ended.
 */
export async function up(options: UpOptions, stop: AbortSignal): Promise<void> {
  const data = resolve(options.data)
  const record = new ProcessRecord(join(data, 'processes.json'))
  const left = await record.endLeftovers()
  if (left > 0) say(`Ended ${left} processes that an earlier run had left behind.`)
  if (options.reset) {
    await forgetDemo(data)
    say(`Forgot everything that was in ${data}.`)
  }
  await mkdir(data, { recursive: true, mode: 0o700 })

  await using processes = new AsyncDisposableStack()
  const start: Start = (name, command, environment = {}) => {
    const child = new SupervisedProcess({
      name,
      command: [process.execPath, ...command],
      environment,
      logFile: join(data, 'logs', `${name}.log`),
      onUnplanned: say,
      onStart: (identity) => record.set(name, identity),
    })
    processes.defer(() => child.stop())
    return child
  }

  say(
    existsSync(join(data, 'hub'))
      ? 'Starting the hub again.'
      : 'Starting the hub: its own PostgreSQL, its own certificate authority.',
  )
  const kubeconfig = join(data, 'kubeconfig')
  const command = [
    programPath('@skerry/hub/main'),
    `--data=${join(data, 'hub')}`,
    `--port=${options.port}`,
    `--kubeconfig=${kubeconfig}`,
    `--console=${join(programPath('@skerry/hub/main'), '../../../console/dist')}`,
    `--model-inspector=${programPath('@skerry/inference/inspect-main')}`,
  ]
  // glibc keeps what eight arenas once held: a hub after a thousand watchers is a third smaller with two.
  const hubProcess = start('hub', command, { MALLOC_ARENA_MAX: '2' })
  await using hub = await hubWhenReady(hubProcess, kubeconfig, join(data, 'logs', 'hub.log'), stop)

  const names = siteNames(options.sites)
  await createDemoSites(hub.state, names)
  await createMissing(hub.state, examplePath('demo.yaml'))
  await pushFirstModel(hub)
  await startSites(hub, names, data, start)

  await waitForGreen(hub, names, stop)
  if (stop.aborted) return
  await showWelcome(hub, { data, kubeconfig, names })
  await new Promise<void>((done) => stop.addEventListener('abort', () => done(), { once: true }))
  say('Ending the sites, then the hub. The next start goes on from here.')
}

async function startSites(
  hub: HubAccess,
  names: readonly string[],
  data: string,
  start: Start,
): Promise<void> {
  const newcomers = names.filter(
    (name) => !existsSync(join(data, 'sites', name, 'state', 'enrolment.json')),
  )
  const token =
    newcomers.length === 0
      ? undefined
      : await createJoinToken(hub, {
          uses: newcomers.length,
          validForMs: tokenValidForMs,
          sites: newcomers,
          createsSites: false,
          siteLabels: {},
        })
  if (newcomers.length > 0)
    say(
      `${newcomers.length} sites join with a token that lets in ${newcomers.length} and ends in an hour.`,
    )
  for (const name of names)
    start(
      name,
      [
        programPath('@skerry/agent/main'),
        `--data=${join(data, 'sites', name)}`,
        `--hub=${hub.address.server}`,
        `--site=${name}`,
        `--model-server=${programPath('@skerry/inference/server-main')}`,
      ],
      // Not among the arguments, which everybody on the machine may read.
      token !== undefined && newcomers.includes(name) ? { SKERRY_JOIN_TOKEN: token } : {},
    )
}

async function pushFirstModel(hub: HubAccess): Promise<void> {
  const { items } = await hub.state.list(modelVersionKind, { namespace: 'default' })
  if (items.some((item) => item.spec.model === 'digits')) return
  say('Pushing the first version of the digit reader.')
  await pushModel(hub, { file: examplePath('digits-v1.onnx'), model: 'digits', version: 'v1' })
}

async function hubWhenReady(
  hubProcess: SupervisedProcess,
  kubeconfig: string,
  logFile: string,
  stop: AbortSignal,
): Promise<HubAccess> {
  const deadlineMs = systemClock.monotonicMs() + hubReadyWithinMs
  for (;;) {
    if (stop.aborted) throw new CommandError('Stopped before the hub was ready.')
    if (hubProcess.lastExit !== undefined)
      throw new CommandError(`The hub ${hubProcess.lastExit}: ${lastWords(logFile)}`)
    if (existsSync(kubeconfig)) {
      const hub = await openHub({ kubeconfig, namespace: 'default' })
      try {
        await hub.request('GET', '/readyz')
        return hub
      } catch {
        await hub[Symbol.asyncDispose]()
      }
    }
    if (systemClock.monotonicMs() > deadlineMs)
      throw new CommandError(
        `The hub is not ready after ${hubReadyWithinMs / 1000} s: ${lastWords(logFile)}`,
      )
    await systemClock.sleep(lookEveryMs)
  }
}

async function waitForGreen(
  hub: HubAccess,
  names: readonly string[],
  stop: AbortSignal,
): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  let shown = ''
  while (!stop.aborted) {
    const green = await greenSites(hub.state, names).catch(() => [])
    const line = `${green.length} of ${names.length} sites are green`
    if (line !== shown) say(`${line}${green.length === 0 ? '' : `: ${green.join(', ')}`}.`)
    shown = line
    if (green.length === names.length) return
    if (systemClock.monotonicMs() - startedMs > greenWithinMs) {
      say('Not all sites are green yet; look with: npx skerry site list -o wide')
      return
    }
    await systemClock.sleep(lookEveryMs, stop).catch(() => {})
  }
}

/** The last message of a program that logs one JSON record a line. */
function lastWords(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trim().split('\n')
    const words = lines.map(messageOf).findLast((message) => message !== undefined)
    return `${words ?? lines.at(-1) ?? 'it said nothing'} (log: ${logFile})`
  } catch (error) {
    return `its log cannot be read: ${toError(error).message}`
  }
}

function messageOf(line: string): string | undefined {
  try {
    const record = JSON.parse(line) as { level?: string; message?: string }
    return record.level === 'error' ? record.message : undefined
  } catch {
    return undefined
  }
}

export function say(sentence: string): void {
  console.log(`skerry: ${sentence}`)
}
