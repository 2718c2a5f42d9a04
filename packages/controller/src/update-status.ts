import { equalJson } from '@skerry/base/json'
import type { AnyKind } from '@skerry/api/kind'
import type { KubeObject, ObjectKey, StoredMeta } from '@skerry/api/object'
import type { Schema } from '@skerry/api/schema'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { statusTriesMax } from './limits.ts'

/** A kind whose objects have a status, and what is in it. */
type KindWith<Body> = AnyKind & { readonly schema: Schema<Body> }

/** Fields of a status to set; undefined takes a field away. */
export type StatusFields<Status> = {
  readonly [F in keyof NonNullable<Status>]?: NonNullable<Status>[F] | undefined
}

type Stored<Body> = { apiVersion: string; kind: string; metadata: StoredMeta } & Body

/**
 * Sets some fields of a status and leaves the others to their owners: reads, changes, writes, and
 * again if somebody else was faster. Nothing is written when nothing changes. Undefined when the
 * object is gone, or `change` says so.
 */
export async function updateStatus<
  Body extends { status?: unknown },
  // Its own parameter, so that a literal keeps its type.
  const Fields extends StatusFields<Body['status']>,
>(
  state: State,
  kind: KindWith<Body>,
  key: ObjectKey,
  change: (object: Stored<Body>) => Fields | undefined,
): Promise<Stored<Body> | undefined> {
  for (let tries = 1; ; tries += 1) {
    const object = (await state.get(kind, key)) as Stored<Body> | undefined
    const fields = object === undefined ? undefined : change(object)
    if (object === undefined || fields === undefined) return undefined
    const before = object.status ?? {}
    const status = { ...before, ...fields }
    if (equalJson(status, before)) return object
    try {
      const changed = { ...object, status } as KubeObject
      const updated = await state.update(kind, changed, { subresource: 'status' })
      return updated as Stored<Body>
    } catch (thrown) {
      if (isApiError(thrown, 'NotFound')) return undefined
      if (!isApiError(thrown, 'Conflict') || tries >= statusTriesMax) throw thrown
    }
  }
}
