import type { PolicyRule } from '@skerry/api/kinds/rbac'
import type { Attributes } from '../api-server/authorization.ts'

type ResourceRule = {
  readonly verbs: ReadonlySet<string>
  readonly groups: ReadonlySet<string>
  /** Absent: all of them. */
  readonly names: ReadonlySet<string> | undefined
}

type PathRule = { readonly verbs: ReadonlySet<string>; readonly urls: readonly string[] }

/** The rules of a role, made ready to be asked: those about a resource are found by its name. */
export type CompiledRules = {
  readonly byResource: ReadonlyMap<string, readonly ResourceRule[]>
  readonly paths: readonly PathRule[]
}

export function compileRules(rules: readonly PolicyRule[]): CompiledRules {
  const byResource = new Map<string, ResourceRule[]>()
  const paths: PathRule[] = []
  for (const rule of rules) {
    const verbs = new Set(rule.verbs)
    const urls = rule.nonResourceURLs ?? []
    if (urls.length > 0) paths.push({ verbs, urls })
    const names = (rule.resourceNames ?? []).length === 0 ? undefined : new Set(rule.resourceNames)
    const compiled: ResourceRule = { verbs, groups: new Set(rule.apiGroups), names }
    for (const resource of new Set(rule.resources)) {
      const known = byResource.get(resource)
      if (known === undefined) byResource.set(resource, [compiled])
      else known.push(compiled)
    }
  }
  return { byResource, paths }
}

/** A question, with what is needed again and again made once. */
export type Question = {
  readonly attributes: Attributes
  /** The names under which a rule may speak of the resource: all, itself, its part in all. */
  readonly resources: readonly string[]
}

export function questionOf(attributes: Attributes): Question {
  if (attributes.type === 'path') return { attributes, resources: [] }
  const { resource, subresource = '' } = attributes
  const resources =
    subresource === '' ? ['*', resource] : ['*', `${resource}/${subresource}`, `*/${subresource}`]
  return { attributes, resources }
}

/** Whether one of the rules lets somebody do it. */
export function rulesAllow(rules: CompiledRules, { attributes, resources }: Question): boolean {
  if (attributes.type === 'path')
    return rules.paths.some(
      ({ verbs, urls }) =>
        hasOrAll(verbs, attributes.verb) && urls.some((url) => urlMatches(url, attributes.path)),
    )
  return resources.some((resource) =>
    (rules.byResource.get(resource) ?? []).some(
      ({ verbs, groups, names }) =>
        hasOrAll(verbs, attributes.verb) &&
        hasOrAll(groups, attributes.group) &&
        (names === undefined || names.has(attributes.name ?? '')),
    ),
  )
}

function hasOrAll(values: ReadonlySet<string>, value: string): boolean {
  return values.has('*') || values.has(value)
}

function urlMatches(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(withoutStars(url)))
}

export function withoutStars(url: string): string {
  let end = url.length
  while (url[end - 1] === '*') end -= 1
  return url.slice(0, end)
}
