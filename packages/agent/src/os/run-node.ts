import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import { equalJson } from '@skerry/base/json'
import { runAgent } from '../agent.ts'
import type { AgentConfig } from '../agent-config.ts'
import { untilAborted } from '../first-of.ts'
import type { Host } from '../host.ts'
import { taskRestart } from '../limits.ts'
import type { ImageMachine } from './image-machine.ts'
import { configCheckMs, openTriesMax, reconcileMs, stagesPatienceMs } from './limits.ts'
import { type NodeOptions, type NodeSettings, configOfSettings } from './node-settings.ts'
import { type Pulse, createPulse } from './pulse.ts'
import { type WatchdogOptions, keepWatchdog } from './watchdog.ts'
import { within } from './within.ts'

/** What a machine of ours is made of, besides its agent. */
export type NodeParts = {
  readonly settings: () => Promise<NodeSettings>
  readonly runStages: (names: readonly ('boot' | 'network' | 'reconcile')[]) => Promise<void>
  /** Undefined if the machine does not run from an image of ours. */
  readonly openMachine: (settings: NodeSettings, pulse: Pulse) => Promise<ImageMachine | undefined>
  readonly watchdog: Pick<WatchdogOptions, 'open' | 'probes'>
  /** A line on the console. */
  readonly say: (line: string) => void
}

/**
 * What the init of a machine of ours starts: the watchdog is fed from the first moment, the stages after
 * init are run, and then the agent for as long as the machine runs. Without a hub it runs what it has and
 * waits for somebody to configure one.
 */
export async function runNode(
  host: Host,
  options: NodeOptions,
  parts: NodeParts,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = host
  const pulse = createPulse(clock)
  // An agent that never comes to its loop is one that is stuck.
  pulse.beat('seek')
  await Promise.all([
    keepWatchdog({ clock, log, pulse, ...parts.watchdog }, signal),
    live({ host, options, parts, pulse }, signal),
  ])
}

type Node = {
  readonly host: Host
  readonly options: NodeOptions
  readonly parts: NodeParts
  readonly pulse: Pulse
}

async function live(node: Node, signal: AbortSignal): Promise<void> {
  const { host, parts, pulse } = node
  const stages = quietly(node, 'The stages boot and network', () =>
    parts.runStages(['boot', 'network']),
  )
  if ((await within(host.clock, stagesPatienceMs, stages)) === undefined)
    parts.say('the stages boot and network still run: the agent starts beside them')
  const image = await openMachine(node, await readSettings(node), signal)
  if (image !== undefined) parts.say(describeImage(image))
  await Promise.all([
    keepReconciling(node, stages, signal),
    keepAgent({ ...node, host: { ...host, image } }, signal),
  ])
  pulse.rest('seek')
}

async function keepAgent(node: Node, signal: AbortSignal): Promise<void> {
  const { host, options, parts } = node
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const settings = await readSettings(node)
    const { config, problem } = configOfSettings(settings, options)
    if (problem !== undefined) parts.say(problem)
    const ended = await runUntilConfigured(node, { settings, config }, signal)
    if (signal.aborted || ended === 'configured') continue
    await host.clock.sleep(backoffMs(attempt, taskRestart, host.random), signal).catch(() => {})
  }
}

type Configured = { readonly settings: NodeSettings; readonly config: AgentConfig }

/** One run of the agent. Where no hub is configured it ends when the configuration changes. */
async function runUntilConfigured(
  node: Node,
  { settings, config }: Configured,
  signal: AbortSignal,
): Promise<'configured' | 'broken'> {
  const { host, parts } = node
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const running = runAgent(host, config, either).then(
    () => 'ended' as const,
    (error: unknown) => toError(error),
  )
  const changed =
    config.hub === undefined || config.join === undefined
      ? configurationChange(node, settings, either)
      : new Promise<never>(() => {})
  const first = await Promise.race([running, changed])
  stop.abort(new Error('The configuration changed'))
  await running
  if (first === 'changed') parts.say('the configuration changed: the agent starts anew')
  if (first instanceof Error && !signal.aborted) {
    host.log.error('The agent ended', { error: first.stack })
    parts.say(`the agent ended and is started again: ${first.message}`)
  }
  return first === 'changed' ? 'configured' : 'broken'
}

async function configurationChange(
  node: Node,
  before: NodeSettings,
  signal: AbortSignal,
): Promise<'changed' | 'stopped'> {
  while (!signal.aborted) {
    await node.host.clock.sleep(configCheckMs, signal).catch(() => {})
    if (!signal.aborted && !equalJson(await readSettings(node), before)) return 'changed'
  }
  return 'stopped'
}

async function keepReconciling(
  node: Node,
  stages: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  // Users' commands may never end; an agent that stops does not wait for them.
  const orStopped = (work: Promise<unknown>) =>
    Promise.race([work, untilAborted(signal)]).catch(() => {})
  await orStopped(stages)
  while (!signal.aborted) {
    await node.host.clock.sleep(reconcileMs, signal).catch(() => {})
    if (signal.aborted) return
    const reconcile = () => node.parts.runStages(['reconcile'])
    await orStopped(quietly(node, 'The stage reconcile', reconcile))
  }
}

const nothing: NodeSettings = { services: [], checks: [] }

async function readSettings({ host, parts }: Node): Promise<NodeSettings> {
  try {
    return await parts.settings()
  } catch (error) {
    host.log.error('The configuration cannot be read', { error: toError(error).stack })
    parts.say(`the configuration cannot be read: ${toError(error).message}`)
    return nothing
  }
}

/** A machine whose disks cannot be made sense of serves its site all the same. */
async function openMachine(
  { host, parts, pulse }: Node,
  settings: NodeSettings,
  signal: AbortSignal,
): Promise<ImageMachine | undefined> {
  for (let tries = 1; tries <= openTriesMax && !signal.aborted; tries += 1) {
    try {
      return await parts.openMachine(settings, pulse)
    } catch (error) {
      host.log.error('The machine cannot be opened', { error: toError(error).stack })
      parts.say(`what runs here cannot be told: ${toError(error).message}`)
      const waitMs = backoffMs(tries, taskRestart, host.random)
      await host.clock.sleep(waitMs, signal).catch(() => {})
    }
  }
  parts.say('the operating system of this machine is left as it is')
  return undefined
}

function describeImage({ os }: ImageMachine): string {
  const { report, isOnTrial } = os.observe()
  const kept = isOnTrial ? 'on trial' : 'kept'
  const last = report.outcomes[0]
  const before = last === undefined ? '' : `; last: ${last.version} ${last.result}: ${last.message}`
  return `image ${report.version} (${report.imageId.slice(0, 12)}) runs from ${report.slot}, ${kept}${before}`
}

async function quietly(
  { host, parts }: Node,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    host.log.error(`${what} broke`, { error: toError(error).stack })
    parts.say(`${what} broke: ${toError(error).message}`)
  }
}
