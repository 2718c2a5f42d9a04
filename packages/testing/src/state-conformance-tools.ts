import assert from 'node:assert/strict'
import type { AnyKind, ObjectOf } from '@skerry/api/kind'
import { configMapKind } from '@skerry/api/kinds/core'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import type { NewObject, State, WatchEvent, WatchOptions } from '@skerry/api/state'
import { type StatusReason, isApiError } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'

export type OpenedState = AsyncDisposable & { readonly state: State }
export type OpenState = () => Promise<OpenedState>

/** How long a test waits for an event that must come. */
const eventWaitMsMax = 20_000

export const configMap = (name: string, more: Partial<NewObject> = {}): NewObject => ({
  ...more,
  metadata: { name, namespace: 'default', ...more.metadata },
})

export const site = (name: string, more: Partial<NewObject> = {}): NewObject => ({
  spec: {},
  ...more,
  metadata: { name, namespace: 'default', ...more.metadata },
})

export const key = (name: string) => ({ namespace: 'default', name })

/** Whatever came out of the state, ready to be changed and sent back. */
export const edit = (object: unknown): KubeObject => structuredClone(object) as KubeObject

/** A rejection with this reason; answers the message. */
export async function refused(reason: StatusReason, action: Promise<unknown>): Promise<string> {
  let answer: unknown
  try {
    answer = await action
  } catch (thrown) {
    assert.ok(
      isApiError(thrown),
      `expected an ApiError with reason ${reason}, got ${String(thrown)}`,
    )
    assert.equal(thrown.reason, reason, thrown.message)
    return thrown.message
  }
  return assert.fail(`expected ${reason}, got ${JSON.stringify(answer)}`)
}

/** A watch that a test pulls events from. Its disposal ends the stream. */
export type TestWatch = AsyncDisposable & {
  next(): Promise<WatchEvent>
  take(count: number): Promise<WatchEvent[]>
  /** Resolves when the stream has ended. */
  readonly end: () => Promise<void>
}

export function openWatch<K extends AnyKind>(
  state: State,
  kind: K,
  options: Omit<WatchOptions, 'signal'> = {},
): TestWatch {
  const abort = new AbortController()
  const events = state.watch(kind, { ...options, signal: abort.signal })[Symbol.asyncIterator]()
  const next = async (): Promise<WatchEvent> => {
    const result = await orLate(events.next())
    assert.ok(result.done !== true, 'the watch ended before its event came')
    return result.value as WatchEvent<StoredObject>
  }
  const end = async (): Promise<void> => {
    abort.abort()
    for (;;) if ((await orLate(events.next())).done === true) return
  }
  return {
    next,
    take: async (count) => {
      const taken: WatchEvent[] = []
      while (taken.length < count) taken.push(await next())
      return taken
    },
    end,
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await events.return?.()
    },
  }
}

async function orLate<T>(promise: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = systemClock.sleep(eventWaitMsMax, done.signal).then(() => {
    throw new Error(`No event came within ${eventWaitMsMax / 1000} seconds.`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    done.abort()
  }
}

/** `ADDED a`, `BOOKMARK`: what a sequence of events says, short enough to compare at a glance. */
export function told(events: readonly WatchEvent[]): string[] {
  return events.map((event) =>
    event.type === 'BOOKMARK' ? 'BOOKMARK' : `${event.type} ${event.object.metadata.name}`,
  )
}

export function versionOf(event: WatchEvent): number {
  return Number(
    event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion,
  )
}

export async function createConfigMap(
  state: State,
  name: string,
  more: Partial<NewObject> = {},
): Promise<ObjectOf<typeof configMapKind>> {
  return state.create(configMapKind, configMap(name, more))
}
