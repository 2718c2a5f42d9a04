import type { AnyKind, ObjectOf } from '@skerry/api/kind'
import type { KubeObject, ObjectKey } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { conflictRetriesMax } from './limits.ts'

/**
 * Reads an object, has its next status decided, and writes that only if nobody wrote meanwhile; else all
 * over again. `decide` may throw to leave everything as it is. Undefined: the object is gone.
 */
export async function updateStatus<K extends AnyKind>(
  state: State,
  kind: K,
  key: ObjectKey,
  decide: (object: ObjectOf<K>) => object,
): Promise<ObjectOf<K> | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    const object = await state.get(kind, key)
    if (object === undefined) return undefined
    const next = { ...(object as unknown as KubeObject), status: decide(object) }
    try {
      return await state.update(kind, next, { subresource: 'status' })
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined
      if (!isApiError(error, 'Conflict') || attempt >= conflictRetriesMax) throw error
    }
  }
}
