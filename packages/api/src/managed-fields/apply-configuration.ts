import { toTimestamp } from '@skerry/base/clock'
import { equalJson, isPlainObject } from '@skerry/base/json'
import { type AnyKind, apiVersionOf } from '../kind.ts'
import type { KubeObject } from '../object.ts'
import { ApiError, badRequest } from '../status.ts'
import { compareObjects, withoutFields, writtenFields } from './compare-objects.ts'
import { type Conflict, conflictError, conflictsOf } from './conflict.ts'
import { type FieldSet, equalFieldSets, recursiveDifferenceOf } from './field-set.ts'
import { type FieldType, fieldTypeOf } from './field-type.ts'
import { fieldsOfObject } from './fields-of-object.ts'
import { lastAppliedConflicts, withLastApplied } from './last-applied.ts'
import {
  type Managed,
  type ManagedFieldsEntry,
  type ManagerKey,
  managerId,
  readManaged,
  writeManaged,
} from './managed.ts'
import { mergeObjects } from './merge-objects.ts'
import {
  type Writer,
  reconcileManaged,
  releaseFields,
  resetFields,
  stepOrderOf,
  unmanaged,
  withoutNobodysFields,
} from './own-fields.ts'
import { pruneFields } from './prune-fields.ts'
import { addUpdate } from './track-update.ts'
import { typedProblems } from './typed-problems.ts'

export type Apply = Writer & {
  /** Takes what others hold. */
  readonly force: boolean
}

/** Who held the fields of an object before anybody was remembered. */
const beforeFirstApply = 'before-first-apply'

/**
 * Server-side apply: the object with `metadata.managedFields` after somebody said what they want of it.
 * `live` is undefined when there is no such object. Throws BadRequest, Conflict, or what does not fit the schema.
 */
export function applyConfiguration(
  kind: AnyKind,
  live: KubeObject | undefined,
  config: Readonly<Record<string, unknown>>,
  apply: Apply,
): KubeObject {
  assertVersion(kind, config)
  const before = live ?? ({ apiVersion: apiVersionOf(kind), kind: kind.kind } as KubeObject)
  const bare = live === undefined ? before : unmanaged(live)
  const given = live === undefined ? undefined : live.metadata.managedFields
  const stored = readManaged(given)
  if (stored === undefined) throw typeless('failed to decode managed fields')
  const managed =
    stored.size === 0 && live !== undefined
      ? addUpdate(kind, { managed: stored, before: undefined, after: bare }, firstWriter(apply))
      : stored
  const attempt = applyOnce(kind, { bare, config, managed }, apply)
  const result = attempt.ok
    ? attempt
    : resolveConflicts(kind, { bare, config, managed }, { apply, conflicts: attempt.conflicts })
  const managedFields = writeManaged(result.managed, stepOrderOf(kind))
  const object =
    apply.manager === 'kubectl' ? withLastApplied(result.object, config) : result.object
  return withManaged(object, managedFields)
}

const firstWriter = (apply: Apply): Writer => ({ ...apply, manager: beforeFirstApply })

/** Conflicts with what kubectl itself applied from the client are no conflicts when kubectl applies. */
function resolveConflicts(
  kind: AnyKind,
  input: Input,
  { apply, conflicts }: { readonly apply: Apply; readonly conflicts: readonly Conflict[] },
): Applied {
  const remaining =
    apply.manager === 'kubectl' ? lastAppliedConflicts(kind, input.bare, conflicts) : conflicts
  if (remaining.length > 0) throw conflictError(remaining)
  const forced = applyOnce(kind, input, { ...apply, force: true })
  if (!forced.ok) throw new Error('A forced apply cannot conflict.')
  return forced
}

function assertVersion(kind: AnyKind, config: Readonly<Record<string, unknown>>): void {
  const { metadata } = config
  const version = textOf(config['apiVersion'])
  const name = textOf(config['kind'])
  if (version !== apiVersionOf(kind) || name !== kind.kind)
    throw badRequest(
      `invalid object type: ${version.includes('/') ? version : `/${version}`}, Kind=${name}`,
    )
  if (isPlainObject(metadata) && (metadata['managedFields'] ?? undefined) !== undefined)
    throw badRequest('metadata.managedFields must be nil')
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Kubernetes answers a bare 500 to what does not fit the schema, and so do we: clients compare. */
const typeless = (message: string): ApiError => new ApiError('Unknown', message)

type Input = {
  readonly bare: KubeObject
  readonly config: Readonly<Record<string, unknown>>
  readonly managed: Managed
}
type Applied = { readonly ok: true; readonly object: KubeObject; readonly managed: Managed }
type Attempt = Applied | { readonly ok: false; readonly conflicts: readonly Conflict[] }

function applyOnce(kind: AnyKind, { bare, config, managed: stored }: Input, apply: Apply): Attempt {
  const type = fieldTypeOf(kind)
  assertTyped(kind, type, config)
  const reset = resetFields(kind, apply.subresource)
  const managed = reconcileManaged(kind, type, stored)
  const key: ManagerKey = {
    manager: apply.manager,
    operation: 'Apply',
    apiVersion: apiVersionOf(kind),
    subresource: apply.subresource,
  }
  const id = managerId(key)
  const last = managed.get(id)
  const fields = recursiveDifferenceOf(fieldsOfObject(type, config), reset)
  managed.set(id, { ...last, ...key, time: last?.time, fields })
  const merged = mergeObjects(type, bare, config)
  const object = pruneFields(type, merged, {
    last: last?.fields,
    now: fields,
    managed,
  }) as KubeObject
  const comparison = withoutFields(compareObjects(type, bare, object), reset)
  const conflicts = conflictsOf(managed, writtenFields(comparison), id)
  if (conflicts.length > 0 && !apply.force) return { ok: false, conflicts }
  releaseFields(managed, comparison, id)
  const time = equalJson(bare, object) ? last?.time : toTimestamp(apply.nowMs)
  finishEntry(managed, id, { last: last?.fields, time })
  return { ok: true, object, managed }
}

/** The applier's entry without what nobody owns, and with the time when something changed. */
function finishEntry(
  managed: Managed,
  id: string,
  { last, time }: { readonly last: FieldSet | undefined; readonly time: string | undefined },
): void {
  const entry = managed.get(id)
  if (entry === undefined) return
  const now = withoutNobodysFields(entry.fields)
  // The set that was read is written as it was.
  const fields = last !== undefined && equalFieldSets(now, last) ? last : now
  if (fields.size === 0) managed.delete(id)
  else managed.set(id, { ...entry, fields, time })
}

function assertTyped(
  kind: AnyKind,
  type: FieldType,
  config: Readonly<Record<string, unknown>>,
): void {
  const problems = typedProblems(type, config)
  if (problems === undefined) return
  const metadata = isPlainObject(config['metadata']) ? config['metadata'] : {}
  const where = `${textOf(metadata['namespace'])}/${textOf(metadata['name'])}`
  const version = kind.group === '' ? `/${kind.version}` : apiVersionOf(kind)
  throw typeless(
    `failed to create typed patch object (${where}; ${version}, Kind=${kind.kind}): ${problems}`,
  )
}

function withManaged(
  object: KubeObject,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): KubeObject {
  if (managedFields === undefined) return object
  return { ...object, metadata: { ...object.metadata, managedFields: [...managedFields] } }
}
