import { type AnyKind, apiVersionOf } from './kind.ts'
import { managedFieldsEntrySchema, objectMetaSchema } from './object.ts'
import { mergedPrimitiveLists } from './patch-strategic.ts'
import type { Schema } from './schema.ts'

/** OpenAPI 3 and its forerunner 2 ("Swagger") differ in where schemas live and how they are named. */
export type OpenApiVersion = 'v2' | 'v3'
export type OpenApiSchema = Record<string, unknown>

const metaPrefix = 'io.k8s.apimachinery.pkg.apis.meta.v1'
export const metaSchemaNames = {
  objectMeta: `${metaPrefix}.ObjectMeta`,
  listMeta: `${metaPrefix}.ListMeta`,
  deleteOptions: `${metaPrefix}.DeleteOptions`,
  status: `${metaPrefix}.Status`,
  patch: `${metaPrefix}.Patch`,
} as const

/** `dev.skerry.v1alpha1.Site`: the name of a kind's schema, as Kubernetes makes it. */
export function schemaName(kind: Pick<AnyKind, 'group' | 'version' | 'kind'>): string {
  const prefix =
    kind.group === '' ? 'io.k8s.api.core' : kind.group.split('.').toReversed().join('.')
  return `${prefix}.${kind.version}.${kind.kind}`
}

export function refTo(name: string, version: OpenApiVersion): OpenApiSchema {
  return { $ref: `${version === 'v3' ? '#/components/schemas/' : '#/definitions/'}${name}` }
}

export function groupVersionKind(kind: Pick<AnyKind, 'group' | 'version' | 'kind'>): object {
  return { group: kind.group, version: kind.version, kind: kind.kind }
}

/** Every schema that the documents of these kinds speak of, by name. */
export function schemasOf(
  kinds: readonly AnyKind[],
  version: OpenApiVersion,
): Record<string, OpenApiSchema> {
  const own = kinds.flatMap((kind) => ownSchemas(kind, version))
  return Object.fromEntries([...own, ...metaSchemas(kinds, version)])
}

const made = { v2: new WeakMap<AnyKind, Named[]>(), v3: new WeakMap<AnyKind, Named[]>() }
type Named = [string, OpenApiSchema]

/** Made once for a kind: some have half a megabyte, and others come and go beside them. */
function ownSchemas(kind: AnyKind, version: OpenApiVersion): Named[] {
  const known = made[version].get(kind)
  if (known !== undefined) return known
  const schemas: Named[] = [
    [schemaName(kind), objectSchema(kind, version)],
    [`${schemaName(kind)}List`, listSchema(kind, version)],
  ]
  made[version].set(kind, schemas)
  return schemas
}

const typeFields = {
  apiVersion: {
    type: 'string',
    description: 'The versioned schema of this object: GROUP/VERSION.',
  },
  kind: { type: 'string', description: 'What the object is, in CamelCase.' },
} as const

function objectSchema(kind: AnyKind, version: OpenApiVersion): OpenApiSchema {
  const body = convert(kind.schema, version)
  return {
    ...body,
    type: 'object',
    description: kind.description,
    properties: {
      ...typeFields,
      metadata: described(metaSchemaNames.objectMeta, 'Standard object metadata.', version),
      ...(body['properties'] as OpenApiSchema | undefined),
    },
    'x-kubernetes-group-version-kind': [groupVersionKind(kind)],
  }
}

function listSchema(kind: AnyKind, version: OpenApiVersion): OpenApiSchema {
  return {
    type: 'object',
    description: `A list of ${kind.plural}.`,
    required: ['items'],
    properties: {
      ...typeFields,
      metadata: described(metaSchemaNames.listMeta, 'Standard list metadata.', version),
      items: {
        type: 'array',
        description: `The ${kind.plural}.`,
        items: refTo(schemaName(kind), version),
      },
    },
    'x-kubernetes-group-version-kind': [
      { group: kind.group, version: kind.version, kind: `${kind.kind}List` },
    ],
  }
}

/** A reference beside a description: version 3 ignores what stands beside `$ref`. */
function described(name: string, description: string, version: OpenApiVersion): OpenApiSchema {
  const reference = refTo(name, version)
  return version === 'v3' ? { description, allOf: [reference] } : { description, ...reference }
}

function convert(schema: Schema, version: OpenApiVersion): OpenApiSchema {
  const { properties, items, additionalProperties, nullable, recursive, ...rest } = schema
  const plain = version === 'v3' ? rest : withoutCombinations(rest)
  // A schema of schemas would never end: it is told as anything.
  if (recursive !== undefined) return { ...plain, 'x-kubernetes-preserve-unknown-fields': true }
  return {
    ...plain,
    ...(plain.format === 'micro-time' ? { format: 'date-time' } : {}),
    ...(nullable === undefined || version === 'v2' ? {} : { nullable }),
    ...(items === undefined ? {} : { items: convert(items, version) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: convert(additionalProperties, version) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, member]) => [name, convert(member, version)]),
          ),
        }),
  }
}

/** Version 2 knows no alternatives. */
function withoutCombinations(schema: Schema): Schema {
  const { anyOf: _, oneOf: __, not: ___, ...rest } = schema
  return rest
}

function metaSchemas(
  kinds: readonly AnyKind[],
  version: OpenApiVersion,
): [string, OpenApiSchema][] {
  const versions = [...new Set(kinds.map((kind) => apiVersionOf(kind)))].map((apiVersion) => {
    const [group, name] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    return { group, version: name, kind: 'DeleteOptions' }
  })
  return [
    [metaSchemaNames.objectMeta, objectMetaOpenApi(version)],
    [metaSchemaNames.listMeta, listMeta],
    [
      metaSchemaNames.deleteOptions,
      { ...deleteOptions, 'x-kubernetes-group-version-kind': versions },
    ],
    [metaSchemaNames.status, statusSchema],
    [metaSchemaNames.patch, { type: 'object', description: 'A patch of the sent content type.' }],
  ]
}

/** ObjectMeta with what a strategic merge patch needs to know of its lists. */
function objectMetaOpenApi(version: OpenApiVersion): OpenApiSchema {
  const schema = convert(objectMetaSchema, version)
  const properties = schema['properties'] as Record<string, OpenApiSchema>
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries({
        ...properties,
        managedFields: {
          ...properties['managedFields'],
          items: convert(managedFieldsEntrySchema, version),
        },
      }).map(([name, member]) => [name, { ...member, ...patchExtensions(name, member) }]),
    ),
  }
}

function patchExtensions(name: string, member: OpenApiSchema): OpenApiSchema {
  const keys = member['x-kubernetes-list-map-keys']
  if (Array.isArray(keys))
    return {
      'x-kubernetes-patch-merge-key': keys[0] as unknown,
      'x-kubernetes-patch-strategy': 'merge',
    }
  return mergedPrimitiveLists.has(`metadata.${name}`)
    ? { 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-list-type': 'set' }
    : {}
}

const text = (description: string): OpenApiSchema => ({ type: 'string', description })

const listMeta: OpenApiSchema = {
  type: 'object',
  description: 'Standard list metadata.',
  properties: {
    resourceVersion: text('The version at which the list was true.'),
    continue: text('Where the next page begins; absent on the last.'),
    remainingItemCount: {
      type: 'integer',
      format: 'int64',
      description: 'About how many more there are.',
    },
  },
}

const deleteOptions: OpenApiSchema = {
  type: 'object',
  description: 'How an object is to be deleted.',
  properties: {
    ...typeFields,
    propagationPolicy: text('Background, Foreground or Orphan: what becomes of dependents.'),
    preconditions: {
      type: 'object',
      description: 'What must hold, or the answer is Conflict.',
      properties: {
        uid: text('UID of the object.'),
        resourceVersion: text('Version of the object.'),
      },
    },
    dryRun: { type: 'array', items: text('All.'), description: 'All: nothing is stored.' },
    gracePeriodSeconds: { type: 'integer', format: 'int64', description: 'Not used.' },
  },
}

const statusSchema: OpenApiSchema = {
  type: 'object',
  description: 'The answer of a request that returns no object.',
  properties: {
    ...typeFields,
    metadata: { type: 'object', description: 'Standard list metadata.' },
    status: text('Success or Failure.'),
    message: text('What happened, as a sentence.'),
    reason: text('Why, as one word for programs.'),
    code: { type: 'integer', format: 'int32', description: 'The HTTP status code.' },
    details: {
      type: 'object',
      description: 'More about the reason.',
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
  'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Status' }],
}
