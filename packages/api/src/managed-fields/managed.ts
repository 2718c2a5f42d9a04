import { isPlainObject } from '@skerry/base/json'
import { type FieldSet, noFields, unionOf } from './field-set.ts'
import { updateManagersMax } from './limits.ts'
import { type FieldsV1, type StepOrder, readFieldsV1, writeFieldsV1 } from './fields-v1.ts'
import { compareText, goJson } from './path-element.ts'

/** One manager's fields as `metadata.managedFields` lists them, in Kubernetes' order of keys. */
export type ManagedFieldsEntry = {
  readonly manager?: string
  readonly operation: Operation
  readonly apiVersion: string
  readonly time?: string
  readonly fieldsType: 'FieldsV1'
  readonly fieldsV1: FieldsV1
  readonly subresource?: string
}

export type Operation = 'Apply' | 'Update'

/** Who wrote, and how: what makes two writes the same manager's. */
export type ManagerKey = {
  readonly manager: string
  readonly operation: Operation
  readonly apiVersion: string
  readonly subresource: string
}

export type Owner = ManagerKey & {
  readonly time: string | undefined
  readonly fields: FieldSet
  /** The entry that it was read from: as it is while its fields are. */
  readonly written?: { readonly fields: FieldSet; readonly fieldsV1: FieldsV1 }
}

/** All managers of an object, by the text that identifies each. */
export type Managed = Map<string, Owner>

/** The text that identifies a manager. Who applies is the same in every version. */
export function managerId({ manager, operation, apiVersion, subresource }: ManagerKey): string {
  return goJson({
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(operation === 'Apply' || apiVersion === '' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  })
}

/** The managers that a list of entries tells of; undefined if it is no such list. */
export function readManaged(entries: unknown): Managed | undefined {
  const managed: Managed = new Map()
  if (entries === undefined || entries === null) return managed
  if (!Array.isArray(entries)) return undefined
  for (const entry of entries) {
    const manager = readEntry(entry)
    if (manager === undefined) return undefined
    managed.set(managerId(manager), manager)
  }
  return managed
}

function readEntry(entry: unknown): Owner | undefined {
  if (!isPlainObject(entry)) return undefined
  const { operation, fieldsType, fieldsV1 = {} } = entry
  const manager = textOf(entry['manager'])
  const apiVersion = textOf(entry['apiVersion'])
  const subresource = textOf(entry['subresource'])
  const time = entry['time'] ?? undefined
  if (operation !== 'Apply' && operation !== 'Update') return undefined
  if (fieldsType !== 'FieldsV1') return undefined
  if (manager === undefined || subresource === undefined) return undefined
  if (apiVersion === undefined || apiVersion === '') return undefined
  if (time !== undefined && (typeof time !== 'string' || Number.isNaN(Date.parse(time))))
    return undefined
  const fields = readFieldsV1(fieldsV1)
  if (fields === undefined) return undefined
  const written = { fields, fieldsV1: fieldsV1 as FieldsV1 }
  return { manager, operation, apiVersion, subresource, time, fields, written }
}

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : undefined

/** The list of entries; undefined if nobody manages anything. */
export function writeManaged(managed: Managed, order: StepOrder): ManagedFieldsEntry[] | undefined {
  if (managed.size === 0) return undefined
  return [...managed.values()].sort(compareManagers).map((owner) => writeEntry(owner, order))
}

function writeEntry(manager: Owner, order: StepOrder): ManagedFieldsEntry {
  const { fields, time, written } = manager
  return {
    ...(manager.manager === '' ? {} : { manager: manager.manager }),
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: written?.fields === fields ? written.fieldsV1 : writeFieldsV1(fields, order),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  }
}

function compareManagers(left: Owner, right: Owner): number {
  return (
    compareText(left.operation, right.operation) ||
    secondsOf(left) - secondsOf(right) ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  )
}

const secondsOf = ({ time }: Owner): number =>
  time === undefined ? 0 : Math.floor(Date.parse(time) / 1000)

const mergedManager = 'ancient-changes'

/** Merges the oldest updaters of each version into one, until there are few enough. */
export function capUpdateManagers(managed: Managed): void {
  const updaters = [...managed]
    .filter(([, { operation }]) => operation === 'Update')
    .sort(
      ([one, left], [other, right]) =>
        secondsOf(left) - secondsOf(right) || compareText(one, other),
    )
  let left = updaters.length
  const firstOfVersion = new Map<string, string>()
  for (const [id, updater] of updaters) {
    if (left <= updateManagersMax) return
    const { apiVersion } = updater
    const first = firstOfVersion.get(apiVersion)
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id)
      continue
    }
    const key: ManagerKey = {
      manager: mergedManager,
      operation: 'Update',
      apiVersion,
      subresource: '',
    }
    const bucketId = managerId(key)
    const bucket = managed.get(bucketId) ?? managed.get(first)
    if (!managed.has(bucketId)) managed.delete(first)
    managed.delete(id)
    managed.set(bucketId, {
      ...key,
      time: updater.time,
      fields: unionOf(updater.fields, bucket?.fields ?? noFields),
    })
    left -= 1
  }
}
