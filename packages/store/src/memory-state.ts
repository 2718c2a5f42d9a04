import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import type { AnyKind } from '@skerry/api/kind'
import { namespaceKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import type { TextState } from '@skerry/api/text-state'
import { createWrite } from './decide-write.ts'
import { createLedgerState } from './ledger-state.ts'
import { createMemoryLedger } from './memory-ledger.ts'
import { createWatchHub } from './watch-hub.ts'

export type MemoryStateOptions = {
  readonly clock: Clock
  readonly random: Random
  /** When given, no other kind exists. */
  readonly kinds?: readonly AnyKind[]
  /** How many changes are kept for watchers that come back. */
  readonly changesMax?: number
}

/** `State` in memory, for tests and the simulator. Its namespace `default` is there from the start. */
export function createMemoryState(
  options: MemoryStateOptions,
): State & TextState & AsyncDisposable {
  const { clock, random } = options
  const watchHub = createWatchHub(0, clock)
  const ledger = createMemoryLedger(watchHub, options.changesMax)
  const context = { nowMs: clock.now(), uid: random.uuid(), suffix: random.suffix(5) }
  ledger.writeNow(createWrite(namespaceKind, { metadata: { name: 'default' } }, {}, context))
  const state = createLedgerState({ ledger, watchHub, clock, random, kinds: options.kinds })
  return { ...state, [Symbol.asyncDispose]: async () => watchHub[Symbol.dispose]() }
}
