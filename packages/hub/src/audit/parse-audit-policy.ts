import { isPlainObject } from '@skerry/base/json'
import { parseYaml } from '../api-server/wire/yaml-text.ts'
import {
  type AuditPolicy,
  type AuditRule,
  type GroupResources,
  auditLevels,
  auditStages,
} from './audit-policy.ts'
import { policyRulesMax } from './limits.ts'

type Fields = Record<string, unknown>

const ruleFields = [
  'level',
  'users',
  'userGroups',
  'verbs',
  'resources',
  'namespaces',
  'nonResourceURLs',
  'omitStages',
  'omitManagedFields',
]

/** `audit.k8s.io/v1 Policy`, from YAML or JSON. Throws one sentence that names the field. */
export function parseAuditPolicy(text: string): AuditPolicy {
  const policy = objectAt('the policy', parseYaml(text))
  const { apiVersion, kind } = policy
  if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy')
    throw new Error(
      `it must be of apiVersion audit.k8s.io/v1 and kind Policy, not ${JSON.stringify(apiVersion)} ${JSON.stringify(kind)}`,
    )
  assertKnown('the policy', policy, [
    'apiVersion',
    'kind',
    'metadata',
    'rules',
    'omitStages',
    'omitManagedFields',
  ])
  const stages = stagesAt('omitStages', policy['omitStages'])
  const omitsManaged = booleanAt('omitManagedFields', policy['omitManagedFields']) ?? false
  const rules = listAt('rules', policy['rules'])
  if (rules.length === 0) throw new Error('rules: Required value: at least one rule')
  if (rules.length > policyRulesMax)
    throw new Error(`rules: Too many: ${rules.length}: must have at most ${policyRulesMax} items`)
  return {
    rules: rules.map((each, index) => {
      const rule = parseRule(`rules[${index}]`, each)
      return {
        ...rule,
        omitStages: [...new Set([...stages, ...rule.omitStages])],
        omitManagedFields: rule.omitManagedFields ?? omitsManaged,
      }
    }),
  }
}

type ParsedRule = Omit<AuditRule, 'omitManagedFields'> & {
  readonly omitManagedFields: boolean | undefined
}

function parseRule(path: string, value: unknown): ParsedRule {
  const rule = objectAt(path, value)
  assertKnown(path, rule, ruleFields)
  const at = (name: string) => stringsAt(`${path}.${name}`, rule[name])
  const resources = listAt(`${path}.resources`, rule['resources']).map((each, index) =>
    parseResources(`${path}.resources[${index}]`, each),
  )
  const namespaces = at('namespaces')
  const nonResourceURLs = at('nonResourceURLs')
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0))
    throw new Error(
      `${path}.nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs`,
    )
  for (const url of nonResourceURLs)
    if (url !== '*' && (!url.startsWith('/') || url.slice(0, -1).includes('*')))
      throw new Error(
        `${path}.nonResourceURLs: Invalid value: ${JSON.stringify(url)}: must begin with a slash and may have one '*' at its end`,
      )
  return {
    level: oneOf(`${path}.level`, rule['level'], auditLevels),
    users: at('users'),
    userGroups: at('userGroups'),
    verbs: at('verbs'),
    resources,
    namespaces,
    nonResourceURLs,
    omitStages: stagesAt(`${path}.omitStages`, rule['omitStages']),
    omitManagedFields: booleanAt(`${path}.omitManagedFields`, rule['omitManagedFields']),
  }
}

function parseResources(path: string, value: unknown): GroupResources {
  const fields = objectAt(path, value)
  assertKnown(path, fields, ['group', 'resources', 'resourceNames'])
  const group = fields['group'] ?? ''
  if (typeof group !== 'string') throw new Error(`${path}.group: Invalid value: must be text`)
  const resources = stringsAt(`${path}.resources`, fields['resources'])
  const resourceNames = stringsAt(`${path}.resourceNames`, fields['resourceNames'])
  if (resourceNames.length > 0 && resources.length === 0)
    throw new Error(
      `${path}.resourceNames: Invalid value: using resourceNames requires at least one resource`,
    )
  return { group, resources, resourceNames }
}

const stagesAt = (path: string, value: unknown) =>
  listAt(path, value).map((each, index) => oneOf(`${path}[${index}]`, each, auditStages))

function oneOf<T extends string>(path: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  if (value === undefined) throw new Error(`${path}: Required value`)
  const supported = choices.map((choice) => JSON.stringify(choice)).join(', ')
  throw new Error(
    `${path}: Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
  )
}

function objectAt(path: string, value: unknown): Fields {
  if (isPlainObject(value)) return value
  throw new Error(`${path}: Invalid value: must be an object`)
}

function listAt(path: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw new Error(`${path}: Invalid value: must be a list`)
}

function stringsAt(path: string, value: unknown): string[] {
  return listAt(path, value).map((each, index) => {
    if (typeof each === 'string') return each
    throw new Error(`${path}[${index}]: Invalid value: must be text`)
  })
}

function booleanAt(path: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined
  throw new Error(`${path}: Invalid value: must be true or false`)
}

function assertKnown(path: string, fields: Fields, known: readonly string[]): void {
  for (const name of Object.keys(fields))
    if (!known.includes(name))
      throw new Error(`${path}: unknown field ${JSON.stringify(name)}: known: ${known.join(', ')}`)
}
