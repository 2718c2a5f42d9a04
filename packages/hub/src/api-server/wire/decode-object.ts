import { isPlainObject } from '@skerry/base/json'
import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import { type KubeObject, objectMetaSchema } from '@skerry/api/object'
import type { Schema } from '@skerry/api/schema'
import { string } from '@skerry/api/schema'
import { pruneUnknown } from '@skerry/api/schema-prune'
import { badRequest, invalid, isApiError } from '@skerry/api/status'
import type { ResourceTarget } from '../authorization.ts'
import { duplicateFields } from './duplicate-fields.ts'
import { decodeMetadata, decodeStruct } from './go-decode.ts'
import { fieldValidationOf } from '../verbs/request-options.ts'

export type Decoded = { readonly object: KubeObject; readonly warnings: readonly string[] }

/**
 * A body as an object of its kind, at the place that the URL says. Fields that the kind does not know or
 * that stood twice are left out and told of, or refused, as `fieldValidation` says.
 */
export function decodeObject(
  target: ResourceTarget,
  body: Record<string, unknown>,
  query: URLSearchParams,
): Decoded {
  const { kind } = target
  const validation = fieldValidationOf(query)
  checkType(kind, body)
  const pruned = pruneUnknown(wholeSchema(kind), body, '')
  const decoded = inWordsOf(kind, () => decodeFields(kind, pruned.value as KubeObject))
  const problems = validation === 'Ignore' ? [] : strictProblems(kind, body, pruned.unknownFields)
  if (problems.length > 0 && validation === 'Strict')
    throw badRequest(cannotBeHandled(kind, `strict decoding error: ${problems.join(', ')}`))
  const object = {
    ...decoded,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: metadataAt(target, decoded),
  }
  return { object, warnings: problems }
}

/** The same of what takes the place of an object: it names it, and says of which version it was made. */
export function decodeReplacement(
  target: ResourceTarget,
  body: Record<string, unknown>,
  query: URLSearchParams,
): Decoded {
  const decoded = decodeObject(target, body, query)
  const { kind, name = '' } = target
  const given = isPlainObject(body['metadata']) ? body['metadata'] : {}
  if (textOf(given['name']) === '')
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    )
  const { resourceVersion = '' } = decoded.object.metadata
  if (needsVersion(kind) && (resourceVersion === '' || resourceVersion === '0'))
    throw invalid({ ...kind, kind: kind.plural }, name, [
      {
        path: 'metadata.resourceVersion',
        type: 'Invalid',
        value: 0,
        message: 'must be specified for an update',
      },
    ])
  return decoded
}

/** Kinds that are never replaced blindly. Of our own it is not asked: scripts that know what they want may. */
function needsVersion(kind: AnyKind): boolean {
  return kind.isBuiltIn
    ? ['coordination.k8s.io', 'apiextensions.k8s.io'].includes(kind.group)
    : kind.group !== 'skerry.dev'
}

/** Duplicates come first with users' kinds, and in the order of their paths what is unknown. */
function strictProblems(kind: AnyKind, body: object, unknown: readonly string[]): string[] {
  const told = (what: string) => (path: string) => `${what} field ${JSON.stringify(path)}`
  const isInUnknown = (path: string) =>
    unknown.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`))
  const duplicates = duplicateFields(body)
  return kind.isBuiltIn
    ? [
        ...unknown.map(told('unknown')),
        ...duplicates.filter((path) => !isInUnknown(path)).map(told('duplicate')),
      ]
    : [...duplicates.map(told('duplicate')), ...unknown.toSorted().map(told('unknown'))]
}

/** Kubernetes' own kinds are Go structs; of users' kinds only their metadata is. */
function decodeFields(kind: AnyKind, value: KubeObject): KubeObject {
  if (kind.isBuiltIn) {
    const decoded = decodeStruct(wholeSchema(kind), value, kind.kind) as KubeObject
    return { ...decoded, metadata: withoutEmpty(decoded.metadata ?? {}) }
  }
  const metadata: unknown = value.metadata ?? {}
  return {
    ...value,
    metadata: withoutEmpty(decodeMetadata(objectMetaSchema, metadata) as KubeObject['metadata']),
  }
}

/** A text that is empty and a map of nothing are what is not set. */
function withoutEmpty(metadata: KubeObject['metadata']): KubeObject['metadata'] {
  return Object.fromEntries(
    Object.entries(metadata).filter(
      ([, value]) => value !== '' && !(isPlainObject(value) && Object.keys(value).length === 0),
    ),
  ) as KubeObject['metadata']
}

function cannotBeHandled({ kind, version }: AnyKind, why: string): string {
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`
}

function inWordsOf<T>(kind: AnyKind, decode: () => T): T {
  try {
    return decode()
  } catch (thrown) {
    if (isApiError(thrown, 'BadRequest')) throw badRequest(cannotBeHandled(kind, thrown.message))
    throw thrown
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What a body says that it is; a body that says nothing is what the URL says, of Kubernetes' own kinds. */
function checkType(kind: AnyKind, body: Record<string, unknown>): void {
  const apiVersion = textOf(body['apiVersion'])
  const name = textOf(body['kind'])
  const expected = apiVersionOf(kind)
  if (kind.isBuiltIn) return checkBuiltIn(kind, apiVersion, name)
  if (name === '') {
    const text = JSON.stringify(body)
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing in '${text}' (${text.length > 30 ? `${text.slice(0, 30)} ...` : text})`,
    )
  }
  if (apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    )
  if (name !== kind.kind) {
    const metadata = isPlainObject(body['metadata']) ? body['metadata'] : {}
    throw invalid({ ...kind, kind: name }, textOf(metadata['name']), [
      { path: 'kind', type: 'Invalid', value: name, message: `must be ${kind.kind}` },
    ])
  }
}

/** Kinds of the core group that a client may have meant. */
const coreKinds: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Event',
  'List',
  'Namespace',
  'Secret',
  'ServiceAccount',
])

function checkBuiltIn(kind: AnyKind, given: string, name: string): void {
  const expected = apiVersionOf(kind)
  const apiVersion = given === '' ? expected : given
  if (apiVersion === expected && (name === '' || name === kind.kind)) return
  const as = `${name === '' ? kind.kind : name} in version ${JSON.stringify(apiVersion.split('/').at(-1))} cannot be handled as a ${kind.kind}`
  throw badRequest(
    apiVersion === expected && kind.group === '' && coreKinds.has(name)
      ? `${as}: converting (v1.${name}) to (core.${kind.kind}): unknown conversion`
      : `${as}: no kind ${JSON.stringify(name === '' ? kind.kind : name)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  )
}

/** Where the URL says that the object is. */
function metadataAt(target: ResourceTarget, object: KubeObject): KubeObject['metadata'] {
  const { namespace: _, ...metadata } = object.metadata
  return { ...metadata, ...nameAt(target, object), ...namespaceAt(target, object) }
}

function nameAt({ name }: ResourceTarget, { metadata }: KubeObject): { name?: string } {
  if (name === undefined) return {}
  const given = metadata.name ?? ''
  if (given !== '' && given !== name)
    throw badRequest(
      `the name of the object (${given.slice(0, 253)}) does not match the name on the URL (${name})`,
    )
  return { name }
}

function namespaceAt(
  { kind, namespace }: ResourceTarget,
  { metadata }: KubeObject,
): { namespace?: string } {
  const given = metadata.namespace ?? ''
  if (kind.scope === 'Cluster') return {}
  if (given !== '' && given !== namespace)
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  return namespace === undefined ? {} : { namespace }
}

const wholeSchemas = new WeakMap<AnyKind, Schema>()

function wholeSchema(kind: AnyKind): Schema {
  const known = wholeSchemas.get(kind)
  if (known !== undefined) return known
  const schema: Schema = {
    ...kind.schema,
    properties: {
      apiVersion: string('API version.'),
      kind: string('Kind.'),
      metadata: objectMetaSchema,
      ...kind.schema.properties,
    },
  }
  wholeSchemas.set(kind, schema)
  return schema
}
