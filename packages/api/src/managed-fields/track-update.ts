import { toTimestamp } from '@skerry/base/clock'
import { isPlainObject } from '@skerry/base/json'
import { type AnyKind, apiVersionOf } from '../kind.ts'
import type { KubeObject } from '../object.ts'
import { compareObjects, withoutFields, writtenFields } from './compare-objects.ts'
import { emptyObject } from './empty-object.ts'
import { noFields, unionOf } from './field-set.ts'
import { fieldTypeOf } from './field-type.ts'
import {
  type Managed,
  type ManagedFieldsEntry,
  type ManagerKey,
  capUpdateManagers,
  managerId,
  readManaged,
  writeManaged,
} from './managed.ts'
import {
  type Writer,
  reconcileManaged,
  releaseFields,
  resetFields,
  stepOrderOf,
  unmanaged,
  withoutNobodysFields,
} from './own-fields.ts'

/** Who managed the object before this write, as the request or the stored object says. */
export function managedBefore(
  before: KubeObject | undefined,
  after: KubeObject,
  subresource: string,
): Managed {
  const stored = () => readManaged(before?.metadata.managedFields) ?? new Map()
  // What a request for a subresource says about managers is not looked at.
  if (subresource !== '') return stored()
  const given = after.metadata.managedFields
  if (isReset(given)) return new Map()
  const managed = readManaged(given)
  // Clients that do not know of managers must not take them away by accident.
  return managed === undefined || managed.size === 0 ? stored() : managed
}

/** An empty list, or a list of one empty entry, says that nobody manages the object from now on. */
function isReset(given: unknown): boolean {
  if (!Array.isArray(given)) return false
  if (given.length === 0) return true
  const [only] = given
  return given.length === 1 && isPlainObject(only) && Object.keys(only).length === 0
}

/**
 * `metadata.managedFields` after somebody wrote an object as a whole: what they changed is theirs alone,
 * what is gone is nobody's. `before` is undefined for a new object. An object that nobody manages stays so.
 */
export function trackUpdate(
  kind: AnyKind,
  before: KubeObject | undefined,
  after: KubeObject,
  writer: Writer,
): ManagedFieldsEntry[] | undefined {
  const managed = managedBefore(before, after, writer.subresource)
  if (managed.size === 0 && before !== undefined) return undefined
  return writeManaged(addUpdate(kind, { managed, before, after }, writer), stepOrderOf(kind))
}

export type Change = {
  readonly managed: Managed
  readonly before: KubeObject | undefined
  readonly after: KubeObject
}

/** The managers after an update. */
export function addUpdate(kind: AnyKind, change: Change, writer: Writer): Managed {
  const type = fieldTypeOf(kind)
  const { before, after } = change
  const managed = reconcileManaged(kind, type, change.managed)
  const comparison = withoutFields(
    compareObjects(
      type,
      before === undefined ? emptyObject(kind, after) : unmanaged(before),
      unmanaged(after),
    ),
    resetFields(kind, writer.subresource),
  )
  releaseFields(managed, comparison, '')
  const written = withoutNobodysFields(writtenFields(comparison))
  if (written.size > 0) {
    const key: ManagerKey = {
      manager: writer.manager === '' ? 'unknown' : writer.manager,
      operation: 'Update',
      apiVersion: writer.apiVersion ?? apiVersionOf(kind),
      subresource: writer.subresource,
    }
    const id = managerId(key)
    const fields = unionOf(written, managed.get(id)?.fields ?? noFields)
    managed.set(id, { ...key, time: toTimestamp(writer.nowMs), fields })
  }
  capUpdateManagers(managed)
  return managed
}
