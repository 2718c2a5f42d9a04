import { equalJson } from '@skerry/base/json'
import type { AnyKind, ObjectOf } from '@skerry/api/kind'
import type { KubeObject, ObjectKey } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { statusTriesMax } from './limits.ts'

/** Fields of a kind's status to set; undefined takes a field away. */
export type StatusFields<K> =
  ObjectOf<K> extends { status?: infer S }
    ? { readonly [F in keyof NonNullable<S>]?: NonNullable<S>[F] | undefined }
    : never

/**
 * Sets some fields of a status and leaves the others to their owners: reads, changes, writes, and
 * again if somebody else was faster. Nothing is written when nothing changes. Undefined when the
 * object is gone, or `change` says so.
 */
export async function updateStatus<K extends AnyKind>(
  state: State,
  kind: K,
  key: ObjectKey,
  change: (object: ObjectOf<NoInfer<K>>) => StatusFields<NoInfer<K>> | undefined,
): Promise<ObjectOf<K> | undefined> {
  for (let tries = 1; ; tries += 1) {
    const object = await state.get(kind, key)
    const fields = object === undefined ? undefined : change(object)
    if (object === undefined || fields === undefined) return undefined
    const before = (object as { status?: object }).status ?? {}
    const status = { ...before, ...fields }
    if (equalJson(status, before)) return object
    try {
      const changed = { ...(object as object), status } as unknown as KubeObject
      return await state.update(kind, changed, { subresource: 'status' })
    } catch (thrown) {
      if (isApiError(thrown, 'NotFound')) return undefined
      if (!isApiError(thrown, 'Conflict') || tries >= statusTriesMax) throw thrown
    }
  }
}
