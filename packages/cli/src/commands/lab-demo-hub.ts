import { existsSync, readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError } from '../exit-code.ts'
import { type HubAccess, openHub } from '../hub-access.ts'
import type { ProcessRecord } from '../up/leftovers.ts'
import { programPath } from '../up/program.ts'
import { SupervisedProcess } from '../up/supervised-process.ts'
import { demoLimits } from './lab-demo-limits.ts'
import { type DemoPlace, demo } from './lab-demo-place.ts'
import type { DemoStory } from './lab-demo-story.ts'

export type DemoHub = {
  readonly place: DemoPlace
  readonly port: number
  readonly record: ProcessRecord
  readonly story: DemoStory
  readonly stop: AbortSignal
}

/** A hub with nothing in it, as a process of its own. Ends with what is given back. */
export async function startDemoHub(parts: DemoHub): Promise<HubAccess> {
  const { place, port, record, story, stop } = parts
  for (const old of [place.hub, place.hubLog, place.hubKubeconfig, place.kubeconfig])
    await rm(old, { recursive: true, force: true })
  const main = programPath('@skerry/hub/main')
  const child = new SupervisedProcess({
    name: 'hub',
    command: [
      process.execPath,
      main,
      `--data=${place.hub}`,
      `--port=${port}`,
      `--name=${demo.hubForMachine}`,
      `--kubeconfig=${place.hubKubeconfig}`,
      `--console=${join(main, '../../../console/dist')}`,
      `--model-inspector=${programPath('@skerry/inference/inspect-main')}`,
    ],
    environment: { MALLOC_ARENA_MAX: '2' },
    logFile: place.hubLog,
    onUnplanned: (sentence) => story.note(sentence),
    onStart: (identity) => record.set('hub', identity),
  })
  try {
    const hub = await story.until(
      {
        what: 'the hub to be ready',
        withinMs: demoLimits.hubReadyMs,
        hint: () => `Its log is ${place.hubLog}.`,
        stop,
      },
      async () => {
        if (child.lastExit !== undefined)
          throw new CommandError(`The hub ${child.lastExit}: ${lastError(place.hubLog)}`)
        return await openWhenReady(place, port)
      },
    )
    return { ...hub, [Symbol.asyncDispose]: () => closeBoth(hub, child) }
  } catch (error) {
    await child.stop()
    throw error
  }
}

async function closeBoth(hub: HubAccess, child: SupervisedProcess): Promise<void> {
  await hub[Symbol.asyncDispose]()
  await child.stop()
}

async function openWhenReady(place: DemoPlace, port: number): Promise<HubAccess | undefined> {
  if (!existsSync(place.hubKubeconfig)) return undefined
  const text = await readFile(place.hubKubeconfig, 'utf8')
  const [there, here] = [demo.hubForMachine, demo.hubHere].map((name) => `https://${name}:${port}`)
  // The hub calls itself as the machine does; from here it has another address.
  await writeFile(place.kubeconfig, text.replaceAll(there!, here!), { mode: 0o600 })
  const hub = await openHub({ kubeconfig: place.kubeconfig, namespace: 'default' })
  try {
    await hub.request('GET', '/readyz')
    return hub
  } catch {
    await hub[Symbol.asyncDispose]()
    return undefined
  }
}

/** The hub logs one JSON record a line. */
function lastError(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trim().split('\n')
    const errors = lines.filter((line) => line.includes('"level":"error"'))
    const { message } = JSON.parse(errors.at(-1) ?? '{}') as { message?: string }
    return `${message ?? lines.at(-1) ?? 'it said nothing'} (log: ${logFile})`
  } catch {
    return `see ${logFile}`
  }
}
