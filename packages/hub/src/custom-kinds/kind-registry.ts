import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import { type Definition, isConditionTrue } from '@skerry/api/custom-kinds/definition'
import { kindsOfDefinition } from '@skerry/api/custom-kinds/kinds-of-definition'
import { rulesOf } from '@skerry/api/custom-kinds/rules'
import type { AnyKind } from '@skerry/api/kind'
import type { KindSource } from '@skerry/api/kind-source'
import { customResourceDefinitionKind } from '@skerry/api/kinds/custom-resource-definition'
import type { StoredObject } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { ObjectCache } from '@skerry/controller/object-cache'
import { definitionsMax, lookAgainMsMax } from './limits.ts'

export type KindRegistryOptions = {
  readonly state: State
  readonly builtIn: readonly AnyKind[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export type KindRegistry = KindSource &
  AsyncDisposable & { lookAgain: NonNullable<KindSource['lookAgain']> }

type Made = { readonly identity: string; readonly kinds: readonly AnyKind[] }

/**
 * The kinds of this process: those that are built in and those of every definition that is established,
 * as a watch tells them. Every hub process has one; they agree within a moment.
 */
export async function openKindRegistry(options: KindRegistryOptions): Promise<KindRegistry> {
  const { state, builtIn, clock, log } = options
  const stop = new AbortController()
  const listeners = new Set<() => void>()
  let made = new Map<string, Made>()
  let kinds = builtIn
  let isDirty = false
  const kind = customResourceDefinitionKind
  const makeAll = (): void => {
    isDirty = false
    const definitions = cache.list(kind).slice(0, definitionsMax)
    const next = new Map(
      definitions
        .filter((definition) => isConditionTrue(definition as Definition, 'Established'))
        .map((each) => [each.metadata.name, makeOne(made.get(each.metadata.name), each, log)]),
    )
    const isSame =
      next.size === made.size && [...next].every(([name, one]) => made.get(name) === one)
    made = next
    if (!isSame) kinds = [...builtIn, ...[...next.values()].flatMap((one) => one.kinds)]
    for (const listener of listeners) listener()
  }
  const cache = new ObjectCache({
    ...options,
    kinds: [kind],
    // A list is told one by one: the kinds are made when all of it was heard.
    onChange: () => {
      if (!isDirty) queueMicrotask(makeAll)
      isDirty = true
    },
  })
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  const following = cache.run(stop.signal, resolve)
  await synced
  makeAll()
  const hasHeard = ({ metadata }: StoredObject): boolean =>
    Number(cache.get(kind, metadata)?.metadata.resourceVersion ?? 0) >=
    Number(metadata.resourceVersion)
  return {
    get kinds() {
      return kinds
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    lookAgain: async (missed) => {
      const written = await writtenDefinitions(state, missed)
      await heard(listeners, () => written.every(hasHeard), clock)
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('The hub stops.'))
      await following
    },
  }
}

async function writtenDefinitions(
  state: State,
  { group, plural }: { readonly group: string; readonly plural?: string },
): Promise<StoredObject[]> {
  const kind = customResourceDefinitionKind
  if (plural !== undefined) {
    const one = await state.get(kind, { name: `${plural}.${group}` })
    return one === undefined ? [] : [one]
  }
  const { items } = await state.list(kind)
  return items.filter(({ spec }) => spec.group === group)
}

/** Resolves when it is true, or after a while. */
async function heard(listeners: Set<() => void>, isTrue: () => boolean, clock: Clock) {
  if (isTrue()) return
  const enough = new AbortController()
  const listener = (): void => {
    if (isTrue()) enough.abort(new Error('Heard.'))
  }
  listeners.add(listener)
  await clock.sleep(lookAgainMsMax, enough.signal).catch(() => {})
  listeners.delete(listener)
}

/** What was made stays while nothing that it is made of has changed: a status is written often. */
function makeOne(before: Made | undefined, stored: StoredObject, log: Log): Made {
  const definition = stored as unknown as Definition
  const { status, metadata } = definition
  const identity = JSON.stringify([
    stored.metadata.uid,
    metadata.generation,
    status?.acceptedNames,
    status?.storedVersions,
    isConditionTrue(definition, 'Terminating'),
  ])
  if (before?.identity === identity) return before
  try {
    return { identity, kinds: kindsOfDefinition(definition, rulesOf) }
  } catch (thrown) {
    // One that cannot be understood harms no other.
    log.error('A definition could not be served.', {
      definition: metadata.name,
      error: toError(thrown).message,
    })
    return { identity, kinds: [] }
  }
}
