import { isPlainObject } from '@skerry/base/json'
import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import { type KubeObject, objectMetaSchema } from '@skerry/api/object'
import { string } from '@skerry/api/schema'
import type { Schema } from '@skerry/api/schema'
import { pruneUnknown } from '@skerry/api/schema-prune'
import { badRequest } from '@skerry/api/status'
import type { ResourceTarget } from './authorization.ts'

export type Decoded = { readonly object: KubeObject; readonly warnings: readonly string[] }

/**
 * A body as an object of its kind, at the place that the URL says. Fields that the kind does not know
 * are left out and told of, or refused, as `fieldValidation` says.
 */
export function decodeObject(
  target: ResourceTarget,
  body: Record<string, unknown>,
  query: URLSearchParams,
): Decoded {
  const { kind } = target
  const validation = fieldValidationOf(query)
  checkType(kind, body)
  const metadata = metadataAt(target, body['metadata'])
  const pruned = pruneUnknown(wholeSchema(kind), { ...body, metadata }, '')
  const unknown = pruned.unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`)
  if (unknown.length > 0 && validation === 'Strict')
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${unknown.join(', ')}`,
    )
  const object = {
    ...(pruned.value as KubeObject),
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
  }
  return { object, warnings: validation === 'Ignore' ? [] : unknown }
}

function fieldValidationOf(query: URLSearchParams): 'Ignore' | 'Warn' | 'Strict' {
  const value = query.get('fieldValidation') ?? ''
  switch (value) {
    case '':
    case 'Warn':
      return 'Warn'
    case 'Ignore':
    case 'Strict':
      return value
    default:
      throw badRequest(
        `fieldValidation: Unsupported value: ${JSON.stringify(value)}: supported values: "Ignore", "Strict", "Warn"`,
      )
  }
}

function checkType(kind: AnyKind, body: Record<string, unknown>): void {
  const expected = { apiVersion: apiVersionOf(kind), kind: kind.kind }
  for (const field of ['apiVersion', 'kind'] as const) {
    const given = body[field]
    if (given !== undefined && given !== '' && given !== expected[field])
      throw badRequest(
        `the ${field} in the data (${shown(given)}) does not match the expected ${field} (${expected[field]})`,
      )
  }
}

/** A value in a message: text as it is, anything else as JSON, and not too much of it. */
function shown(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 100)
}

/** Fields that decide where the object goes, before any rule of its kind is looked at. */
const identityFields = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'] as const

function metadataAt(target: ResourceTarget, given: unknown): Record<string, unknown> {
  if (given !== undefined && given !== null && !isPlainObject(given))
    throw badRequest('metadata must be an object')
  // Clients write `creationTimestamp: null` for what is not set.
  const metadata = Object.fromEntries(
    Object.entries(given ?? {}).filter(([, value]) => value !== null),
  )
  for (const field of identityFields)
    if (metadata[field] !== undefined && typeof metadata[field] !== 'string')
      throw badRequest(`metadata.${field} must be a string`)
  return { ...metadata, ...nameAt(target, metadata['name']), ...namespaceAt(target, metadata) }
}

function nameAt({ name }: ResourceTarget, given: unknown): { name?: string } {
  if (name === undefined) return {}
  if (given !== undefined && given !== '' && given !== name)
    throw badRequest(
      `the name of the object (${shown(given)}) does not match the name on the URL (${name})`,
    )
  return { name }
}

function namespaceAt(
  { kind, namespace }: ResourceTarget,
  metadata: Record<string, unknown>,
): { namespace?: string } {
  const given = metadata['namespace']
  if (kind.scope === 'Cluster' || (namespace === undefined && (given ?? '') === '')) return {}
  if (given !== undefined && given !== '' && given !== namespace)
    throw badRequest(
      `the namespace of the provided object (${shown(given)}) does not match the namespace sent on the request (${namespace ?? 'none'})`,
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
