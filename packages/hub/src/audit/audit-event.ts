import { isIP } from 'node:net'
import { isPlainObject } from '@skerry/base/json'
import type { ApiRequest, Attributes, User } from '../api-server/authorization.ts'
import type { AuditOutcome } from '../api-server/audit.ts'
import type { AuditLevel, AuditStage } from './audit-policy.ts'
import { objectCharactersMax, sourceIpsMax, userAgentCharactersMax } from './limits.ts'

/** All that is known of a request when one of its events is written. */
export type AuditFacts = {
  readonly level: AuditLevel
  readonly auditID: string
  readonly request: ApiRequest
  readonly attributes: Attributes
  readonly user: User | undefined
  readonly requestObject: unknown
  readonly responseObject: unknown
  readonly outcome: AuditOutcome | undefined
  readonly annotations: Readonly<Record<string, string>>
  readonly receivedTime: string
  readonly stageTime: string
  readonly omitManagedFields: boolean
}

/** One `audit.k8s.io/v1 Event`, its fields in the order in which a kube-apiserver writes them. */
export function auditEventText(stage: AuditStage, facts: AuditFacts): string {
  const { level, request, attributes, user, outcome } = facts
  const isDone = stage === 'ResponseComplete' || stage === 'Panic'
  const requestObject = objectText(facts, ['Request', 'RequestResponse'], facts.requestObject)
  const responseObject = isDone
    ? objectText(facts, ['RequestResponse'], facts.responseObject)
    : undefined
  const isCut = requestObject === tooLarge || responseObject === tooLarge
  const annotations = {
    ...facts.annotations,
    ...(isCut ? { 'audit.k8s.io/truncated': 'true' } : {}),
  }
  const sourceIPs = sourceIpsOf(request)
  const head = JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: facts.auditID,
    stage,
    requestURI: request.url ?? '',
    verb: attributes.verb === '' ? (request.method ?? 'GET').toLowerCase() : attributes.verb,
    user: userInfo(user?.impersonator ?? user),
    impersonatedUser: user?.impersonator === undefined ? undefined : userInfo(user),
    sourceIPs: sourceIPs.length === 0 ? undefined : sourceIPs,
    userAgent: userAgentOf(request),
    objectRef: objectRefOf(facts),
    responseStatus: outcome === undefined ? undefined : responseStatus(outcome),
  })
  const tail = JSON.stringify({
    requestReceivedTimestamp: facts.receivedTime,
    stageTimestamp: facts.stageTime,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  })
  const bodies =
    (requestObject === undefined ? '' : `"requestObject":${requestObject},`) +
    (responseObject === undefined ? '' : `"responseObject":${responseObject},`)
  return `${head.slice(0, -1)},${bodies}${tail.slice(1)}\n`
}

/** Stands for an object that does not fit into an event. */
const tooLarge = 'null'

function objectText(
  { level, omitManagedFields }: AuditFacts,
  levels: readonly AuditLevel[],
  object: unknown,
): string | undefined {
  if (object === undefined || !levels.includes(level)) return undefined
  const value = parsed(object)
  const text = JSON.stringify(omitManagedFields ? withoutManagedFields(value) : value)
  return text.length > objectCharactersMax ? tooLarge : text
}

/** Text is JSON mostly; what is none, such as a patch in YAML, stays text. */
function parsed(object: unknown): unknown {
  if (typeof object !== 'string') return object
  try {
    return JSON.parse(object) as unknown
  } catch {
    return object
  }
}

function withoutManagedFields(object: unknown): unknown {
  if (!isPlainObject(object)) return object
  const { metadata, items } = object
  const bare = isPlainObject(metadata)
    ? {
        ...object,
        metadata: Object.fromEntries(
          Object.entries(metadata).filter(([name]) => name !== 'managedFields'),
        ),
      }
    : object
  return Array.isArray(items) ? { ...bare, items: items.map(withoutManagedFields) } : bare
}

function userInfo(user: User | undefined): object {
  if (user === undefined) return {}
  const { name, uid, groups, extra } = user
  return { username: name, uid, groups, extra }
}

function responseStatus({ code, failure }: AuditOutcome): object {
  return failure === undefined
    ? { metadata: {}, code }
    : { metadata: {}, status: 'Failure', ...failure, code }
}

/** The object that was meant; what the path does not say, the body does. */
function objectRefOf({ attributes, requestObject, responseObject }: AuditFacts) {
  if (attributes.type !== 'resource') return undefined
  const { group, version, resource, subresource, namespace, name } = attributes
  const sent = metadataOf(requestObject)
  const made = attributes.verb === 'create' ? metadataOf(responseObject) : undefined
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  return {
    resource,
    namespace: namespace ?? text(sent?.['namespace']),
    name: name ?? text(sent?.['name']) ?? text(made?.['name']),
    uid: text(sent?.['uid']),
    apiGroup: group === '' ? undefined : group,
    apiVersion: version,
    resourceVersion: text(sent?.['resourceVersion']),
    subresource,
  }
}

function metadataOf(object: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isPlainObject(object)) return undefined
  const { metadata } = object
  return isPlainObject(metadata) ? metadata : undefined
}

/** As a kube-apiserver tells it: what the proxies say, and who really connected. */
function sourceIpsOf({ headers, socket }: ApiRequest): string[] {
  const forwarded = String(headers['x-forwarded-for'] ?? '').split(',')
  const real = String(headers['x-real-ip'] ?? '')
  const told = [...forwarded, real].map((text) => text.trim()).filter((text) => isIP(text) !== 0)
  const remote = socket?.remoteAddress?.replace(/^::ffff:/, '')
  const all = remote === undefined ? told : [...told.slice(0, sourceIpsMax - 1), remote]
  return [...new Set(all)].slice(0, sourceIpsMax)
}

function userAgentOf({ headers }: ApiRequest): string | undefined {
  const text = headers['user-agent']
  if (text === undefined || text.length <= userAgentCharactersMax) return text
  return `${text.slice(0, userAgentCharactersMax)}...TRUNCATED`
}
