import type { State } from '@skerry/api/state'
import { ApiError } from '@skerry/api/status'

/**
 * The state as a leader writes to it: what was decided before a process stood still, was swapped out or
 * lost its link must not be written after somebody else has taken over. Looked at just before each write,
 * and not only when a timer says so, as timers stand still too.
 */
export function createLeaderState(state: State, isLeading: () => boolean): State {
  const whileLeading = async <T>(write: () => Promise<T>): Promise<T> => {
    if (isLeading()) return write()
    throw new ApiError('ServiceUnavailable', 'This hub no longer leads: another one decides anew.')
  }
  return {
    get: (kind, key) => state.get(kind, key),
    list: (kind, options) => state.list(kind, options),
    watch: (kind, options) => state.watch(kind, options),
    create: (kind, object, options) => whileLeading(() => state.create(kind, object, options)),
    update: (kind, object, options) => whileLeading(() => state.update(kind, object, options)),
    delete: (kind, key, options) => whileLeading(() => state.delete(kind, key, options)),
  }
}
