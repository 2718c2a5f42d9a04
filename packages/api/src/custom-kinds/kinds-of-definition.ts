import { equalJson, isPlainObject } from '@skerry/base/json'
import { type AnyKind, type Column, type KeptAs, type ScalePaths } from '../kind.ts'
import type { KubeObject, StoredObject } from '../object.ts'
import type { Problem } from '../problem.ts'
import type { Schema } from '../schema.ts'
import { applyDefaults } from '../schema-defaults.ts'
import { pruneUnknown } from '../schema-prune.ts'
import { validateSchema } from '../schema-validate.ts'
import {
  type Definition,
  type DefinitionColumn,
  type DefinitionVersion,
  isConditionTrue,
} from './definition.ts'
import { firstAt, parseJsonPath } from './json-path.ts'
import { schemaOfProps } from './schema-of-props.ts'
import { compareVersions } from './version-order.ts'

/** The rules of a schema, ready to be asked; undefined if there are none. */
export type RulesOf = (
  schema: Schema,
) => ((object: KubeObject, before?: KubeObject) => Problem[]) | undefined

/** One kind for each version that is served, the one that clients shall prefer first. */
export function kindsOfDefinition(definition: Definition, rulesOf: RulesOf): AnyKind[] {
  return definition.spec.versions
    .filter(({ served }) => served)
    .toSorted((left, right) => compareVersions(left.name, right.name))
    .map((version) => kindOfVersion(definition, version, rulesOf))
}

const unchecked: Problem = {
  path: '<nil>',
  type: 'Invalid',
  value: null,
  message:
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
}

function kindOfVersion(
  definition: Definition,
  version: DefinitionVersion,
  rulesOf: RulesOf,
): AnyKind {
  const { spec } = definition
  const names = definition.status?.acceptedNames ?? spec.names
  const whole = schemaOfProps(version.schema?.openAPIV3Schema ?? { type: 'object' })
  const rules = rulesOf(whole)
  const nameSchema = whole.properties?.['metadata']
  const { status, scale } = version.subresources ?? {}
  const isEnding =
    definition.metadata.deletionTimestamp !== undefined ||
    isConditionTrue(definition, 'Terminating')
  const kind: AnyKind = {
    group: spec.group,
    version: version.name,
    kind: spec.names.kind,
    plural: spec.names.plural,
    singular: names.singular ?? spec.names.kind.toLowerCase(),
    listKind: names.listKind ?? `${spec.names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    scope: spec.scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    description: whole.description ?? '',
    schema: bodySchema(whole),
    columns: (version.additionalPrinterColumns ?? [ageColumn]).map(columnOf),
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.slice(1)),
    hasStatus: status !== undefined,
    statusOwners: {},
    subresources: [],
    ...(scale === undefined ? {} : { scale: scalePaths(scale) }),
    ...(version.deprecated === true ? { deprecationWarning: deprecationOf(spec, version) } : {}),
    ...(isEnding ? { isEnding: true } : {}),
    ...(rules === undefined ? {} : { unchecked: [unchecked] }),
    validate: (object: KubeObject, before?: KubeObject) => [
      ...(nameSchema === undefined ? [] : nameProblems(nameSchema, object)),
      ...(rules?.(object, before) ?? []),
    ],
  }
  const keptAs = keptAsOf(definition, version, kind)
  return keptAs === undefined ? kind : { ...kind, keptAs }
}

/** The fields beside apiVersion, kind and metadata, which every object has. */
function bodySchema(whole: Schema): Schema {
  const { apiVersion: _, kind: __, metadata: ___, ...properties } = whole.properties ?? {}
  const required = (whole.required ?? []).filter(
    (name) => name !== 'apiVersion' && name !== 'kind' && name !== 'metadata',
  )
  const { required: ____, ...rest } = whole
  return { ...rest, properties, ...(required.length === 0 ? {} : { required }) }
}

function nameProblems(schema: Schema, { metadata }: KubeObject): Problem[] {
  const { name, generateName } = metadata
  return validateSchema(
    { ...schema, type: 'object' },
    { name, ...(generateName === undefined ? {} : { generateName }) },
    'metadata',
  )
}

const scalePaths = (scale: {
  readonly specReplicasPath?: string
  readonly statusReplicasPath?: string
  readonly labelSelectorPath?: string
}): ScalePaths => ({
  specReplicasPath: scale.specReplicasPath ?? '',
  statusReplicasPath: scale.statusReplicasPath ?? '',
  ...(scale.labelSelectorPath === undefined ? {} : { labelSelectorPath: scale.labelSelectorPath }),
})

function deprecationOf(spec: Definition['spec'], version: DefinitionVersion): string {
  return (
    version.deprecationWarning ?? `${spec.group}/${version.name} ${spec.names.kind} is deprecated`
  )
}

const ageColumn: DefinitionColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.',
}

const isText = (text: string | undefined): text is string => text !== undefined && text !== ''

function columnOf(column: DefinitionColumn): Column {
  const parsed = parseJsonPath(column.jsonPath)
  const path = parsed.ok ? parsed.path : []
  return {
    name: column.name,
    type: column.type as Column['type'],
    path: column.jsonPath,
    description: isText(column.description)
      ? column.description
      : `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    ...(column.format === undefined ? {} : { format: column.format }),
    ...(column.priority === undefined ? {} : { priority: column.priority }),
    read: (object) => (path.length === 0 ? undefined : firstAt(object, path)),
  }
}

/**
 * Versions share their objects, which are kept in one of them: without conversion only the apiVersion
 * differs, and the version that reads fills in its defaults and leaves out what it does not know.
 * Where nothing of that can be, the objects pass as they are.
 */
function keptAsOf(
  definition: Definition,
  version: DefinitionVersion,
  kind: AnyKind,
): KeptAs | undefined {
  const { spec, status, metadata } = definition
  const storage = spec.versions.find(({ storage: isStorage }) => isStorage) ?? version
  const isAlone = spec.versions.length === 1 && (status?.storedVersions?.length ?? 1) <= 1
  if (isAlone && (metadata.generation ?? 1) <= 1) return undefined
  const kept = `${kind.group}/${storage.name}`
  const own = `${kind.group}/${version.name}`
  return {
    // Its own schema: what comes is checked by the version in which it comes.
    kind: { ...kind, version: storage.name },
    toKept: (object) => ({ ...object, apiVersion: kept }),
    fromKept: (object) => asRead(kind.schema, { ...object, apiVersion: own }),
  }
}

function asRead(schema: Schema, object: StoredObject): StoredObject {
  const { apiVersion, kind, metadata, ...body } = object
  const read = applyDefaults(schema, pruneUnknown(schema, body, '').value)
  return isPlainObject(read) && !equalJson(read, body)
    ? { apiVersion, kind, metadata, ...read }
    : object
}
