import type { State, WriteOptions } from '@skerry/api/state'
import { ApiError } from '@skerry/api/status'

/**
 * The state as a leader writes to it: what was decided before a process stood still, was swapped out or
 * lost its link must not be written after somebody else has taken over. Looked at when a write is asked
 * for, and again when it holds the lock: it may have waited in between, and whoever takes the lease over
 * needs the same lock, so nobody else leads until this write is done or undone.
 */
export function createLeaderState(state: State, isLeading: () => boolean): State {
  const assertMayWrite = (): void => {
    if (!isLeading())
      throw new ApiError(
        'ServiceUnavailable',
        'This hub no longer leads: another one decides anew.',
      )
  }
  const guarded = <T extends WriteOptions>(options: T | undefined) => {
    assertMayWrite()
    return { ...options, assertMayWrite }
  }
  return {
    get: (kind, key) => state.get(kind, key),
    list: (kind, options) => state.list(kind, options),
    watch: (kind, options) => state.watch(kind, options),
    create: async (kind, object, options) => state.create(kind, object, guarded(options)),
    update: async (kind, object, options) => state.update(kind, object, guarded(options)),
    delete: async (kind, key, options) => state.delete(kind, key, guarded(options)),
  }
}
