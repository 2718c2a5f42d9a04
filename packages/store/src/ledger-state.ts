import type { Clock } from '@skerry/base/clock'
import { cloneJson } from '@skerry/base/json'
import type { Random } from '@skerry/base/random'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import type { NewObject, State, WriteOptions } from '@skerry/api/state'
import { ApiError, isApiError } from '@skerry/api/status'
import { createWrite, deleteWrite, rowOf, updateWrite } from './decide-write.ts'
import type { Ledger } from './ledger.ts'
import { generatedNameTriesMax } from './limits.ts'
import { isStorable } from './row-key.ts'
import { matches } from './watch-filter.ts'
import type { WatchHub } from './watch-hub.ts'
import { watchStream } from './watch-stream.ts'

export type LedgerStateOptions = {
  readonly ledger: Ledger
  readonly watchHub: WatchHub
  readonly clock: Clock
  readonly random: Random
  /** When given, no other kind exists. */
  readonly kinds?: readonly AnyKind[] | undefined
}

/** `State` over a ledger: the same for memory and PostgreSQL. */
export function createLedgerState(options: LedgerStateOptions): State {
  const { ledger, clock } = options
  const known = options.kinds && new Set(options.kinds.map(resourceName))
  const assertKnown = (kind: AnyKind): void => {
    if (known && !known.has(resourceName(kind)))
      throw new ApiError('NotFound', 'the server could not find the requested resource')
  }
  const state: UntypedState = {
    get: async (kind, key) => {
      assertKnown(kind)
      if (!isStorable(key.name, key.namespace)) return undefined
      return ledger.get(rowOf(kind, key))
    },
    list: async (kind, listOptions = {}) => {
      assertKnown(kind)
      const { items, version } = await ledger.list(resourceName(kind), listOptions)
      return {
        items: items.filter((object) => matches(object, listOptions)),
        resourceVersion: String(version),
      }
    },
    create: async (kind, object, writeOptions = {}) => {
      assertKnown(kind)
      return cloneJson(await createObject(options, kind, object, writeOptions))
    },
    update: async (kind, object, updateOptions = {}) => {
      assertKnown(kind)
      return cloneJson(await ledger.write(updateWrite(kind, object, updateOptions, clock.now())))
    },
    delete: async (kind, key, deleteOptions = {}) => {
      assertKnown(kind)
      return cloneJson(await ledger.write(deleteWrite(kind, key, deleteOptions, clock.now())))
    },
    watch: (kind, watchOptions) => {
      assertKnown(kind)
      return watchStream(options, resourceName(kind), watchOptions)
    },
  }
  // The kind says of what type its objects are; admission has made it true.
  return state as State
}

/** `State` before a kind says of what type its objects are. */
type UntypedState = {
  [Method in keyof State]: (
    ...args: Parameters<State[Method]>
  ) => Method extends 'watch'
    ? ReturnType<typeof watchStream>
    : Method extends 'get'
      ? Promise<StoredObject | undefined>
      : Method extends 'list'
        ? Promise<{ items: StoredObject[]; resourceVersion: string }>
        : Promise<StoredObject>
}

async function createObject(
  { ledger, clock, random }: LedgerStateOptions,
  kind: AnyKind,
  object: NewObject,
  options: WriteOptions,
): Promise<StoredObject> {
  const isGenerated = (object.metadata?.name ?? '') === ''
  for (let attempt = 1; ; attempt += 1) {
    const context = { nowMs: clock.now(), uid: random.uuid(), suffix: random.suffix(5) }
    try {
      return await ledger.write(createWrite(kind, object, options, context))
    } catch (thrown) {
      const mayRetry = isGenerated && attempt < generatedNameTriesMax
      if (!mayRetry || !isApiError(thrown, 'AlreadyExists')) throw thrown
    }
  }
}
