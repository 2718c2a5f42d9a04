import { isPlainObject } from '@skerry/base/json'
import { type AnyKind, resourceName } from '../kind.ts'
import type { KubeObject } from '../object.ts'
import { type Comparison, writtenFields } from './compare-objects.ts'
import { differenceOf, fieldSetOfPaths, noFields, type FieldSet } from './field-set.ts'
import { type FieldType } from './field-type.ts'
import type { StepOrder } from './fields-v1.ts'
import type { Managed } from './managed.ts'
import { fieldElement } from './path-element.ts'
import { reconcileFields } from './reconcile-fields.ts'

const metadataFields = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]

/** Fields that nobody owns: the server's, and those that say which object it is. */
const nobodysFields = fieldSetOfPaths([
  [fieldElement('apiVersion')],
  [fieldElement('kind')],
  [fieldElement('metadata')],
  ...metadataFields.map((name) => [fieldElement('metadata'), fieldElement(name)]),
])

export const withoutNobodysFields = (fields: FieldSet): FieldSet =>
  differenceOf(fields, nobodysFields)

const statusOnly = fieldSetOfPaths([[fieldElement('status')]])
const allButStatus = fieldSetOfPaths([[fieldElement('metadata')], [fieldElement('spec')]])

/** Namespaces are held by the server, whoever makes them. */
const ofNamespaces = fieldSetOfPaths([
  [fieldElement('status')],
  [fieldElement('spec'), fieldElement('finalizers')],
])

/** What a write to this part of an object leaves as it is, whatever it says. */
export function resetFields(kind: AnyKind, subresource: string): FieldSet {
  if (!kind.hasStatus) return noFields
  if (subresource === '' && resourceName(kind) === 'namespaces') return ofNamespaces
  return ['', 'scale', 'finalize'].includes(subresource) ? statusOnly : allButStatus
}

/** How a kind's fields are written. */
export const stepOrderOf = ({ isBuiltIn }: AnyKind): StepOrder => (isBuiltIn ? 'values' : 'text')

/** An object without the list of who manages it, which is no part of what is managed. */
export function unmanaged(object: KubeObject): KubeObject {
  if (!isPlainObject(object.metadata) || object.metadata.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata } as KubeObject
}

/** The managers as today's schema understands them; those of versions that are no more are forgotten. */
export function reconcileManaged(kind: AnyKind, type: FieldType, managed: Managed): Managed {
  const result: Managed = new Map()
  for (const [id, manager] of managed) {
    if (!isServed(kind, manager.apiVersion)) continue
    const fields = reconcileFields(type, manager.fields)
    result.set(id, fields === manager.fields ? manager : { ...manager, fields })
  }
  return result
}

function isServed(kind: AnyKind, apiVersion: string): boolean {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return group === kind.group || group === kind.keptAs?.kind.group
}

/** What others lose by a change: what somebody else wrote now, and what is gone. */
export function releaseFields(managed: Managed, change: Comparison, writer: string): void {
  const written = writtenFields(change)
  for (const [id, manager] of managed) {
    const kept = id === writer ? manager.fields : differenceOf(manager.fields, written)
    const fields = id === writer ? kept : differenceOf(kept, change.removed)
    if (fields.size === 0) managed.delete(id)
    else if (fields !== manager.fields) managed.set(id, { ...manager, fields })
  }
}

/** Who writes what, and when. */
export type Writer = {
  readonly manager: string
  readonly subresource: string
  /** The version that the writer writes, where it is not the one that is kept. */
  readonly apiVersion?: string
  readonly nowMs: number
}
