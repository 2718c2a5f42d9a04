import { type LoadHookSync, registerHooks } from 'node:module'
import type { Rule } from './check/violation.ts'

/** A mistake that somebody could make, put into a module of the product while it is loaded. */
export type PlantedBug = {
  /** End of the module's path. */
  readonly module: string
  readonly find: string
  readonly instead: string
  /** The rule that catches it. */
  readonly caughtBy: Rule
}

/** What the checkers are measured by: each of these must be caught within some seeds. */
export const plantedBugs: Readonly<Record<string, PlantedBug>> = {
  /** A state file is renamed before it is on the disk. */
  'no-sync': {
    module: 'agent/src/state/state-file.ts',
    find: '    await file.sync()\n',
    instead: '',
    caughtBy: 'no-error',
  },
  /** A key that cannot be read just now is made anew. */
  'new-key': {
    module: 'agent/src/state/agent-state.ts',
    find: 'parse, isVital: true',
    instead: 'parse',
    caughtBy: 'no-error',
  },
  /** Nobody looks when a model's process ends, so it is said to run for ever. */
  'deaf-to-ends': {
    module: 'agent/src/runtimes/model-process.ts',
    find: "    this.#phase = 'Ended'\n",
    instead: "    if (!isAsked) return\n    this.#phase = 'Ended'\n",
    caughtBy: 'true-status',
  },
  /** One controller writes what another owns. */
  'two-writers': {
    module: 'hub/src/controllers/site-sync.ts',
    find: '      sync,\n      conditions',
    instead: "      sync,\n      healthMessage: 'as the controller has it',\n      conditions",
    caughtBy: 'one-writer',
  },
  /** A site that is parked counts as failed, too. */
  'counts-twice': {
    module: 'rollout/src/decide-rollout.ts',
    find: "failed: count('Failed'),",
    instead: "failed: count('Failed') + count('Parked'),",
    caughtBy: 'whole-count',
  },
  /** A site that is connected already hears of no new spec. */
  'mute-stream': {
    module: 'hub/src/gateway/spec-streams.ts',
    find: 'for (const reader of touched) touch(reader)',
    instead: 'for (const reader of touched.slice(1)) touch(reader)',
    caughtBy: 'comes-to-rest',
  },
  /** A rollout that has gone through is never called over. */
  'no-end': {
    module: 'rollout/src/draft.ts',
    find: 'if (isOver(phase)) draft',
    instead: "if (isOver(phase) && phase !== 'Succeeded') draft",
    caughtBy: 'rollouts-end',
  },
}

/** From now on the module is loaded with its bug. Throws when there is no such bug, or nothing to put it in. */
export function plantBug(name: string): void {
  const bug = plantedBugs[name]
  if (bug === undefined)
    throw new RangeError(`--plant ${name}: must be one of ${Object.keys(plantedBugs).join(', ')}`)
  const load: LoadHookSync = (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(`packages/${bug.module}`) || loaded.source === undefined) return loaded
    const source = Buffer.from(loaded.source as Uint8Array | string as string).toString('utf8')
    if (!source.includes(bug.find))
      throw new Error(`The bug ${name} finds no place in ${bug.module}: plant it anew.`)
    return { ...loaded, source: source.replace(bug.find, bug.instead) }
  }
  registerHooks({ load })
}
