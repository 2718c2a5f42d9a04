import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import { pathNameProblems } from '@skerry/api/name'
import { badRequest } from '@skerry/api/status'
import type { ResourceTarget } from './authorization.ts'

/** What a path means. */
export type Route =
  | ({ readonly type: 'resource' } & ResourceTarget)
  /** Everything below /api and /apis that is no resource, and /openapi. */
  | { readonly type: 'document'; readonly segments: readonly string[] }

/** First segments of the paths that belong to the API server. */
const ownPrefixes: ReadonlySet<string> = new Set([
  'api',
  'apis',
  'openapi',
  'version',
  'healthz',
  'livez',
  'readyz',
  'metrics',
  '.well-known',
  'openid',
])

export function isOwnPath(path: string): boolean {
  return ownPrefixes.has(path.split('/', 2)[1] ?? '')
}

export type Routes = (path: string) => Route | undefined

/** The one table of routes, made from the kinds. */
export function routesOf(kinds: readonly AnyKind[]): Routes {
  const byPlural = new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]))
  return (path) => {
    const segments = segmentsOf(path)
    if (segments === undefined) return undefined
    const depth = segments[0] === 'api' ? 2 : segments[0] === 'apis' ? 3 : 0
    if (depth === 0 || segments.length <= depth) return { type: 'document', segments }
    const apiVersion = segments.slice(1, depth).join('/')
    const target = resourceTarget(segments.slice(depth), (plural) =>
      byPlural.get(`${apiVersion}/${plural}`),
    )
    return target && { type: 'resource', ...target }
  }
}

/** The group, and the resource, that a path names; undefined if its group can be nobody's but ours. */
export function namedInPath(path: string): { group: string; plural?: string } | undefined {
  const [root, group = '', version, ...rest] = segmentsOf(path) ?? []
  // Groups that users bring are domains.
  if (root !== 'apis' || !group.includes('.')) return undefined
  const plural = rest[0] === 'namespaces' && rest.length > 2 ? rest[2] : rest[0]
  return version === undefined || plural === undefined ? { group } : { group, plural }
}

/** The parts of a path, decoded; undefined if it is not one. A slash at the end counts for nothing. */
function segmentsOf(path: string): string[] | undefined {
  const parts = path.slice(1).split('/')
  if (parts.at(-1) === '') parts.pop()
  let decoded: string[]
  try {
    decoded = parts.map((part) => decodeURIComponent(part))
  } catch {
    throw badRequest('400 Bad Request')
  }
  return decoded.every((part) => part !== '' && !part.includes('/')) ? decoded : undefined
}

/** A name that no object can have, and no path either. */
function assertName(name: string | undefined): void {
  const [problem] = name === undefined ? [] : pathNameProblems(name, '')
  if (problem !== undefined)
    throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${problem.message}`)
}

function resourceTarget(
  rest: readonly string[],
  kindOf: (plural: string) => AnyKind | undefined,
): ResourceTarget | undefined {
  const [first, second, third] = rest
  // `namespaces/x/status` is a part of the namespace, `namespaces/x/sites` is what lives in it.
  const isInNamespace =
    first === 'namespaces' && third !== undefined && !isPartOf(kindOf('namespaces'), third)
  const [plural, name, subresource, ...more] = isInNamespace ? rest.slice(2) : rest
  const kind = kindOf(plural!)
  if (kind === undefined || more.length > 0) return undefined
  if (isInNamespace && kind.scope === 'Cluster') return undefined
  if (!isInNamespace && kind.scope === 'Namespaced' && name !== undefined) return undefined
  if (subresource !== undefined && !isPartOf(kind, subresource)) return undefined
  assertName(name)
  return { kind, namespace: isInNamespace ? second : undefined, name, subresource }
}

function isPartOf(kind: AnyKind | undefined, subresource: string): boolean {
  if (kind === undefined) return false
  if (subresource === 'scale' && kind.scale !== undefined) return true
  return (subresource === 'status' && kind.hasStatus) || kind.subresources.includes(subresource)
}
