import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import type { HubStore } from './hub-store.ts'
import { createMemoryRollups } from './memory-rollups.ts'
import { createMemorySpecs } from './memory-specs.ts'
import { createMemoryState } from './memory-state.ts'

/** Everything that a hub keeps, in memory: gone with the process. */
export function createMemoryStore(options: { clock: Clock; random: Random }): HubStore {
  const state = createMemoryState(options)
  return {
    state,
    texts: state,
    specs: createMemorySpecs(),
    rollups: createMemoryRollups(),
    epoch: 1,
    ping: async () => {},
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  }
}
