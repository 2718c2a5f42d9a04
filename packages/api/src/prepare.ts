import { toTimestamp } from '@skerry/base/clock'
import { cloneJson, equalJson, isPlainObject } from '@skerry/base/json'
import { type AnyKind, apiVersionOf } from './kind.ts'
import { finalizersOf } from './kinds/namespace-rules.ts'
import { countsGeneration, generatedName, isJudgedAsMeta, metaProblems } from './meta-problems.ts'
import { type KubeObject, type StoredObject, objectMetaSchema } from './object.ts'
import type { Problem } from './problem.ts'
import { applyDefaults } from './schema-defaults.ts'
import { validateSchema } from './schema-validate.ts'
import type { Writer } from './managed-fields/own-fields.ts'
import { trackUpdate } from './managed-fields/track-update.ts'
import type { DeleteOptions, NewObject, UpdateOptions, WriteOptions } from './state.ts'
import { badRequest, conflict, invalid, modifiedMessage } from './status.ts'

/**
 * What becomes of an object when somebody writes: the rules that every store keeps. Pure: time, names
 * and identity come in as arguments, `resourceVersion` is set by the store when it commits.
 */
export type PrepareContext = {
  readonly nowMs: number
  /** The uid of a new object. */
  readonly uid: string
  /** Five characters for `generateName`. */
  readonly suffix: string
  /** Who creates. */
  readonly options?: WriteOptions
}

export type UpdateContext = UpdateOptions & { readonly nowMs: number }

const versionPending = ''

/** The object to store, or throws Invalid or BadRequest. */
export function prepareCreate(
  kind: AnyKind,
  input: NewObject,
  context: PrepareContext,
): StoredObject {
  const object = cloneJson(input) as KubeObject
  const { generateName } = object.metadata
  if (
    (object.metadata.name ?? '') === '' &&
    typeof generateName === 'string' &&
    generateName !== ''
  )
    object.metadata.name = generatedName(generateName, context.suffix)
  if (kind.hasStatus) delete object['status']
  const { selfLink: _, managedFields, deletionTimestamp: __, ...meta } = object.metadata
  const created = completed(kind, {
    ...object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      ...meta,
      uid: context.uid,
      resourceVersion: versionPending,
      ...(countsGeneration(kind) ? { generation: 1 } : {}),
      creationTimestamp: toTimestamp(context.nowMs),
    },
  } as StoredObject)
  const candidate = withManagers(created, managersOfNew(kind, created, { managedFields, context }))
  assertValid(kind, candidate)
  return candidate
}

type Managers = KubeObject['metadata']['managedFields']

function managersOfNew(
  kind: AnyKind,
  created: StoredObject,
  {
    managedFields,
    context,
  }: { readonly managedFields: Managers; readonly context: PrepareContext },
): Managers {
  const { options = {}, nowMs } = context
  if (options.isApplied) return managedFields
  if (options.fieldManager === undefined) return undefined
  const writer = writerOf(options.fieldManager, { ...options, nowMs })
  return trackUpdate(kind, undefined, withManagers(created, managedFields), writer)
}

function withManagers<T extends KubeObject>(object: T, managedFields: Managers): T {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: definedOnly({ ...metadata, managedFields }) }
}

/** The object to store; the stored object itself when nothing changed. Throws Invalid, Conflict. */
export function prepareUpdate(
  kind: AnyKind,
  before: StoredObject,
  input: KubeObject,
  context: UpdateContext,
): StoredObject {
  assertSameObject(kind, before, input)
  const candidate =
    context.subresource === 'status'
      ? { ...before, status: cloneJson(input['status'] ?? {}) }
      : context.subresource === 'finalize'
        ? { ...before, spec: cloneJson(input['spec'] ?? {}) }
        : mainCandidate(kind, before, input)
  const defaulted =
    context.subresource === 'finalize'
      ? withDefaults(kind, candidate)
      : completed(kind, candidate, before)
  const isBodySame = equalJson(comparable(defaulted), comparable(before))
  const managedFields = managersAfter(
    kind,
    { before, after: defaulted, input, isBodySame },
    context,
  )
  if (isBodySame && equalManagers(managedFields, before.metadata.managedFields)) return before
  const isSpecChanged = !equalJson(specOf(kind, defaulted), specOf(kind, before))
  const after = withManagers(
    {
      ...defaulted,
      metadata: {
        ...defaulted.metadata,
        ...(countsGeneration(kind)
          ? { generation: before.metadata.generation + (isSpecChanged ? 1 : 0) }
          : {}),
      },
    },
    managedFields,
  )
  assertValid(kind, after, before)
  return after
}

function assertSameObject(kind: AnyKind, before: StoredObject, input: KubeObject): void {
  const { resourceVersion, uid } = input.metadata
  if (
    resourceVersion !== undefined &&
    resourceVersion !== '' &&
    resourceVersion !== '0' &&
    resourceVersion !== before.metadata.resourceVersion
  )
    throw conflict(kind, before.metadata.name, modifiedMessage)
  if (uid !== undefined && uid !== '' && uid !== before.metadata.uid)
    throw conflict(
      kind,
      before.metadata.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
    )
}

/** One update, as who manages the object afterwards depends on it. */
type UpdateStep = {
  readonly before: StoredObject
  readonly after: StoredObject
  readonly input: KubeObject
  readonly isBodySame: boolean
}

function managersAfter(
  kind: AnyKind,
  { before, after, input, isBodySame }: UpdateStep,
  context: UpdateContext,
): Managers {
  const { fieldManager, isApplied, subresource, managedAs = subresource } = context
  const kept = before.metadata.managedFields
  const given = input.metadata.managedFields
  if (isApplied) return given
  if (fieldManager === undefined) return kept
  // Most who change nothing send back the managers that they read, or none.
  if (isBodySame && (given === undefined || managedAs !== undefined || equalJson(given, kept)))
    return kept
  return trackUpdate(kind, before, withManagers(after, given), writerOf(fieldManager, context))
}

function writerOf(
  manager: string,
  { subresource, managedAs = subresource, managedVersion, nowMs }: UpdateContext,
): Writer {
  const version = managedVersion === undefined ? {} : { apiVersion: managedVersion }
  return { manager, nowMs, subresource: managedAs ?? '', ...version }
}

/** Whether the same managers manage the same fields, whenever they last wrote. */
function equalManagers(left: Managers, right: Managers): boolean {
  const timeless = (entries: Managers) =>
    entries?.map((entry) => ({ ...entry, time: undefined })) ?? []
  return equalJson(timeless(left), timeless(right))
}

function mainCandidate(kind: AnyKind, before: StoredObject, input: KubeObject): StoredObject {
  const object = cloneJson(input)
  const { selfLink: _, ...meta } = object.metadata
  const kept = before.metadata
  return {
    ...object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      ...meta,
      name: kept.name,
      ...(kept.namespace === undefined ? {} : { namespace: kept.namespace }),
      uid: kept.uid,
      resourceVersion: kept.resourceVersion,
      generation: kept.generation,
      creationTimestamp: kept.creationTimestamp,
      managedFields: kept.managedFields,
      ...(kept.deletionTimestamp === undefined
        ? { deletionTimestamp: undefined }
        : {
            deletionTimestamp: kept.deletionTimestamp,
            deletionGracePeriodSeconds: kept.deletionGracePeriodSeconds,
          }),
    },
    ...(kind.hasStatus ? { status: before['status'] } : {}),
  } as StoredObject
}

export type PreparedDelete =
  /** It goes now. */
  | { readonly remove: true }
  /** It stays, marked, until its finalizers are gone. */
  | { readonly remove: false; readonly object: StoredObject }

/** Throws Conflict when a precondition does not hold. */
export function prepareDelete(
  kind: AnyKind,
  before: StoredObject,
  options: DeleteOptions,
  nowMs: number,
): PreparedDelete {
  const { preconditions, propagationPolicy } = options
  const { metadata } = before
  // Named by its kind here, as Kubernetes does.
  const named = { ...kind, plural: kind.kind }
  if (preconditions?.uid !== undefined && preconditions.uid !== metadata.uid)
    throw conflict(
      named,
      metadata.name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  if (
    preconditions?.resourceVersion !== undefined &&
    preconditions.resourceVersion !== metadata.resourceVersion
  )
    throw conflict(
      named,
      metadata.name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  const finalizers = new Set(metadata.finalizers)
  if (metadata.deletionTimestamp === undefined) {
    if (propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion')
    if (propagationPolicy === 'Orphan') finalizers.add('orphan')
    for (const finalizer of kind.deletionFinalizers ?? []) finalizers.add(finalizer)
  }
  if (finalizers.size === 0 && holders(before).length === 0) return { remove: true }
  if (metadata.deletionTimestamp !== undefined) return { remove: false, object: before }
  return {
    remove: false,
    object: {
      ...before,
      metadata: {
        ...metadata,
        ...(finalizers.size === 0 ? {} : { finalizers: [...finalizers] }),
        deletionTimestamp: toTimestamp(nowMs),
        ...(isNamespace(before) ? {} : { deletionGracePeriodSeconds: 0 }),
        ...(countsGeneration(kind) ? { generation: metadata.generation + 1 } : {}),
      },
    },
  }
}

/** Whether an update took away the last thing that kept a deleted object here. */
export function isFinished(object: StoredObject): boolean {
  return (
    object.metadata.deletionTimestamp !== undefined &&
    (object.metadata.finalizers ?? []).length === 0 &&
    holders(object).length === 0
  )
}

/** Namespaces alone are held by their spec as well. */
function holders(object: StoredObject): readonly string[] {
  return isNamespace(object) ? finalizersOf(object) : []
}

function isNamespace({ kind, apiVersion }: StoredObject): boolean {
  return kind === 'Namespace' && apiVersion === 'v1'
}

/** With its defaults, and with what every object of the kind has. */
function completed(kind: AnyKind, object: StoredObject, before?: StoredObject): StoredObject {
  const defaulted = withDefaults(kind, object)
  return (kind.complete?.(defaulted, before) as StoredObject | undefined) ?? defaulted
}

function withDefaults(kind: AnyKind, object: StoredObject): StoredObject {
  const { apiVersion, kind: kindName, metadata, ...body } = object
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
  const defaulted = applyDefaults(kind.schema, kind.normalize?.(given) ?? given)
  const whole = {
    apiVersion,
    kind: kindName,
    metadata: definedOnly(metadata),
    ...(defaulted as object),
  }
  return kind.isBuiltIn ? withoutEmptyMaps(kind, whole) : whole
}

/** Kubernetes' own kinds do not keep maps of which nothing is left. */
function withoutEmptyMaps({ schema }: AnyKind, object: StoredObject): StoredObject {
  const isEmpty = ([name, value]: readonly [string, unknown]): boolean =>
    isPlainObject(value) &&
    Object.keys(value).length === 0 &&
    schema.properties?.[name]?.additionalProperties !== undefined &&
    schema.properties[name].default === undefined
  const entries = Object.entries(object)
  return entries.some(isEmpty)
    ? (Object.fromEntries(entries.filter((entry) => !isEmpty(entry))) as StoredObject)
    : object
}

function definedOnly<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T
}

function assertValid(kind: AnyKind, object: StoredObject, before?: StoredObject): void {
  const problems = admissionProblems(kind, object, before)
  if (problems.length > 0) throw invalid(kind, String(object.metadata.name ?? ''), problems)
}

/** Every problem of an object about to be stored, with its path. */
export function admissionProblems(
  kind: AnyKind,
  object: KubeObject,
  before?: StoredObject,
): Problem[] {
  const { apiVersion: _, kind: __, metadata, ...body } = object
  if (!isPlainObject(metadata)) throw badRequest('metadata must be an object')
  const shape = [
    ...validateSchema(objectMetaSchema, metadata, 'metadata').filter(
      (problem) => !isJudgedAsMeta(problem),
    ),
    ...validateSchema(kind.schema, body, '', before),
  ]
  const meta = metaProblems(kind, metadata, before)
  // The kind's own rules may rely on the shape.
  const own = shape.some(isBlocking)
    ? (kind.unchecked ?? [])
    : kind.validate(object as never, before as never)
  return [...shape, ...meta, ...own]
}

/** Whether a value may not be what its schema says: then no rule can be asked of it. */
function isBlocking({ type }: Problem): boolean {
  return type !== 'Invalid' && type !== 'Duplicate'
}

/** What `generation` counts: everything but metadata and status. */
function specOf(kind: AnyKind, object: StoredObject): unknown {
  const { metadata: _, status, ...rest } = object
  return kind.hasStatus ? rest : { ...rest, status }
}

/** An object without what changes by itself. */
function comparable(object: StoredObject): unknown {
  const { generation: _, managedFields: __, ...metadata } = object.metadata
  return { ...object, metadata }
}
