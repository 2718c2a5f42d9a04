import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { AnyKind, ObjectOf } from '@skerry/api/kind'
import type { State, WatchEvent } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { followRetryMs } from './limits.ts'

export type FollowOptions = {
  readonly state: State
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** What is told of a kind. Both are called without anything happening in between. */
export type Follower<K extends AnyKind> = {
  /** Everything that there is, at the beginning and whenever something may have been missed. */
  readonly all: (objects: readonly ObjectOf<K>[], resourceVersion: string) => void
  readonly one: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: ObjectOf<K>) => void
}

/** Tells of every object of a kind and of every change, until the signal aborts. */
export async function followKind<K extends AnyKind>(
  { state, clock, log, signal }: FollowOptions,
  kind: K,
  follower: Follower<K>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await state.list(kind)
      follower.all(items, resourceVersion)
      const events: AsyncIterable<WatchEvent<ObjectOf<K>>> = state.watch(kind, {
        resourceVersion,
        signal,
      })
      for await (const event of events)
        if (event.type !== 'BOOKMARK') follower.one(event.type, event.object)
    } catch (thrown) {
      if (signal.aborted) return
      if (!isApiError(thrown, 'Expired'))
        log.warn('A watch broke and is opened again.', {
          kind: kind.kind,
          error: toError(thrown).message,
        })
    }
    await clock.sleep(followRetryMs, signal).catch(() => {})
  }
}
