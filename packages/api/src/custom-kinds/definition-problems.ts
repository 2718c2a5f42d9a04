import { equalJson } from '@skerry/base/json'
import type { Problem } from '../problem.ts'
import type { Definition, DefinitionVersion } from './definition.ts'
import { dns1035Message, nameRuleProblems } from './definition-name-problems.ts'
import {
  columnProblems,
  selectableFieldProblems,
  subresourceProblems,
} from './definition-version-problems.ts'
import type { JsonSchemaProps } from './json-schema-props.ts'
import { structuralProblems } from './structural-problems.ts'

/** Says what is wrong with the rules in a schema at a path; given, since they are compiled elsewhere. */
export type RuleProblems = (props: JsonSchemaProps, path: string) => Problem[]

/** Everything that is wrong with a definition, in Kubernetes' words. */
export function definitionProblems(
  definition: Definition,
  before: Definition | undefined,
  ruleProblems: RuleProblems,
): Problem[] {
  return [
    ...nameRuleProblems(definition),
    ...versionsProblems(definition),
    ...conversionProblems(definition),
    ...definition.spec.versions.flatMap((version, index) =>
      versionProblems(definition, version, index, ruleProblems),
    ),
    ...(before === undefined ? [] : immutableProblems(definition, before)),
    ...storedVersionProblems(definition),
  ]
}

const versionLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
function versionsProblems({ spec }: Definition): Problem[] {
  const { versions } = spec
  const problems: Problem[] = []
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`
    if (!versionLabel.test(version.name) || version.name.length > 63)
      problems.push({
        path: `${path}.name`,
        type: 'Invalid',
        value: version.name,
        message: dns1035Message,
      })
    if (version.deprecated !== true && version.deprecationWarning !== undefined)
      problems.push({
        path: `${path}.deprecationWarning`,
        type: 'Invalid',
        value: version.deprecationWarning,
        message: 'can only be set for deprecated versions',
      })
  }
  const first = versions[0]
  if (first !== undefined && !versionLabel.test(first.name))
    problems.push({
      path: 'spec.version',
      type: 'Invalid',
      value: first.name,
      message: dns1035Message,
    })
  const value = versions.map(shownVersion)
  const names = new Set(versions.map(({ name }) => name))
  if (names.size < versions.length)
    problems.push({
      path: 'spec.versions',
      type: 'Invalid',
      value,
      message: 'must contain unique version names',
    })
  if (versions.filter(({ storage }) => storage).length !== 1)
    problems.push({
      path: 'spec.versions',
      type: 'Invalid',
      value,
      message: 'must have exactly one version marked as storage version',
    })
  return problems
}

/** A version as the error shows it, without what it holds. */
function shownVersion(version: DefinitionVersion): object {
  return {
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: null,
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  }
}

function conversionProblems({ spec }: Definition): Problem[] {
  const strategy = spec.conversion?.strategy ?? 'None'
  const problems: Problem[] = []
  if (strategy === 'Webhook')
    problems.push({
      path: 'spec.conversion.strategy',
      type: 'NotSupported',
      value: strategy,
      message:
        'supported values: "None": the hub calls no webhooks, so versions of a kind must differ in nothing but their name and schema',
    })
  else if (strategy !== 'None')
    problems.push({
      path: 'spec.conversion.strategy',
      type: 'NotSupported',
      value: strategy,
      message: 'supported values: "None", "Webhook"',
    })
  if (spec.preserveUnknownFields === true)
    problems.push({
      path: 'spec.preserveUnknownFields',
      type: 'Invalid',
      value: true,
      message:
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    })
  return problems
}

/** What all versions share stands, for the messages, once at the top: so Kubernetes keeps it inside. */
function versionProblems(
  { spec }: Definition,
  version: DefinitionVersion,
  index: number,
  ruleProblems: RuleProblems,
): Problem[] {
  const { versions } = spec
  const isShared = (field: keyof DefinitionVersion): boolean =>
    versions.every((other) => equalJson(other[field], versions[0]![field]))
  const placed = (field: keyof DefinitionVersion): string | undefined =>
    !isShared(field) ? `spec.versions[${index}].` : index === 0 ? 'spec.' : undefined
  const schema = version.schema?.openAPIV3Schema
  const problems: Problem[] = []
  if (schema === undefined || Object.keys(schema).length === 0)
    return [
      {
        path: `spec.versions[${index}].schema.openAPIV3Schema`,
        type: 'Required',
        message: '',
      },
    ]
  const at = placed('schema')
  if (at !== undefined) {
    const path = `${at}${isShared('schema') ? 'validation' : 'schema'}.openAPIV3Schema`
    const structural = structuralProblems(schema, path)
    problems.push(...structural)
    if (structural.length === 0) problems.push(...ruleProblems(schema, path))
  }
  const subresources = placed('subresources')
  if (subresources !== undefined) problems.push(...subresourceProblems(version, subresources))
  const columns = placed('additionalPrinterColumns')
  if (columns !== undefined) problems.push(...columnProblems(version, columns))
  const fields = placed('selectableFields')
  if (fields !== undefined) problems.push(...selectableFieldProblems(version, schema, fields))
  return problems
}

function immutableProblems(definition: Definition, before: Definition): Problem[] {
  const { spec } = definition
  const fixed: [string, unknown, unknown][] = [
    ['spec.scope', spec.scope, before.spec.scope],
    ['spec.names.kind', spec.names.kind, before.spec.names.kind],
    ['spec.group', spec.group, before.spec.group],
    ['spec.names.plural', spec.names.plural, before.spec.names.plural],
  ]
  return fixed
    .filter(([, now, then]) => !equalJson(now, then))
    .map(([path, value]) => ({ path, type: 'Invalid', value, message: 'field is immutable' }))
}

/** Objects may be stored in these versions: none of them may vanish from the definition. */
function storedVersionProblems({ spec, status }: Definition): Problem[] {
  const stored = status?.storedVersions
  if (stored === undefined) return []
  const path = 'status.storedVersions'
  const names = new Set(spec.versions.map(({ name }) => name))
  const missing = stored.flatMap((name, index): Problem[] =>
    names.has(name)
      ? []
      : [
          {
            path: `${path}[${index}]`,
            type: 'Invalid',
            value: name,
            message: missingMessage(name),
          },
        ],
  )
  for (const { name, storage } of spec.versions)
    if (storage && stored.length > 0 && !stored.includes(name))
      missing.push({
        path,
        type: 'Invalid',
        value: stored,
        message: `must have the storage version ${name}`,
      })
  if (stored.length === 0)
    missing.push({
      path,
      type: 'Invalid',
      value: null,
      message: 'must have at least one stored version',
    })
  return missing
}

const missingMessage = (name: string): string =>
  `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
