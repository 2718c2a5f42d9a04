import type { Attributes, User } from '../api-server/authorization.ts'

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
export type AuditLevel = (typeof auditLevels)[number]

export const auditStages = [
  'RequestReceived',
  'ResponseStarted',
  'ResponseComplete',
  'Panic',
] as const
export type AuditStage = (typeof auditStages)[number]

export type GroupResources = {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

/** A rule of `audit.k8s.io/v1 Policy`. What is empty fits everything. */
export type AuditRule = {
  readonly level: AuditLevel
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly GroupResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly AuditStage[]
  readonly omitManagedFields: boolean
}

export type AuditPolicy = { readonly rules: readonly AuditRule[] }

export type AuditChoice = {
  readonly level: AuditLevel
  readonly omitStages: readonly AuditStage[]
  readonly omitManagedFields: boolean
}

const silent: AuditChoice = { level: 'None', omitStages: [], omitManagedFields: false }

/** What the first rule that fits says. Whoever could not be told apart is nobody: no rule of users fits. */
export function chooseAudit(
  { rules }: AuditPolicy,
  user: User | undefined,
  attributes: Attributes,
): AuditChoice {
  const found = rules.find((rule) => isFitting(rule, user, attributes))
  if (found === undefined) return silent
  const { level, omitStages, omitManagedFields } = found
  return { level: cappedLevel(level, attributes), omitStages, omitManagedFields }
}

/** What is secret stays out of the log, whatever a policy says. */
function cappedLevel(level: AuditLevel, attributes: Attributes): AuditLevel {
  if (attributes.type !== 'resource' || level === 'None') return level
  const { resource, subresource } = attributes
  const isSecret =
    resource === 'secrets' ||
    resource === 'tokenreviews' ||
    (resource === 'serviceaccounts' && subresource === 'token')
  return isSecret ? 'Metadata' : level
}

function isFitting(rule: AuditRule, user: User | undefined, attributes: Attributes): boolean {
  const { users, userGroups, verbs, resources, namespaces, nonResourceURLs } = rule
  if (users.length > 0 && (user === undefined || !users.includes(user.name))) return false
  if (userGroups.length > 0 && !userGroups.some((group) => user?.groups.includes(group)))
    return false
  if (verbs.length > 0 && !verbs.includes(attributes.verb)) return false
  if (resources.length > 0 || namespaces.length > 0)
    return attributes.type === 'resource' && isFittingResource(rule, attributes)
  if (nonResourceURLs.length > 0)
    return attributes.type === 'path' && nonResourceURLs.some((url) => isPath(url, attributes.path))
  return true
}

function isFittingResource(
  { resources, namespaces }: AuditRule,
  attributes: Extract<Attributes, { type: 'resource' }>,
): boolean {
  const { group, resource, subresource = '', namespace = '', name = '' } = attributes
  if (namespaces.length > 0 && !namespaces.includes(namespace)) return false
  if (resources.length === 0) return true
  const part = subresource === '' ? resource : `${resource}/${subresource}`
  return resources.some(
    (each) =>
      each.group === group &&
      (each.resources.length === 0 ||
        each.resources.some((text) => isPart(text, { part, resource, subresource }))) &&
      (each.resourceNames.length === 0 || each.resourceNames.includes(name)),
  )
}

/** A resource, one of its parts, all of its parts, a part of whatever it is of, or all: as in Kubernetes. */
function isPart(
  text: string,
  { part, resource, subresource }: Record<'part' | 'resource' | 'subresource', string>,
): boolean {
  if (text === part || text === '*') return true
  if (text.startsWith('*/')) return subresource !== '' && text.slice(2) === subresource
  return text.endsWith('/*') && text.slice(0, -2) === resource
}

function isPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))
}
