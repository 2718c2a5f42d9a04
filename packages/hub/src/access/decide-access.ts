import type { LabelSelector } from '@skerry/api/selector'
import type { Attributes, User } from '../api-server/authorization.ts'
import type { Grant, Grants } from './grants.ts'
import { questionOf, rulesAllow } from './rule-match.ts'

export type Verdict =
  | { readonly verdict: 'allow'; readonly reason: string }
  /** Only what is of a site that one of the selectors chooses. */
  | {
      readonly verdict: 'limit'
      readonly selectors: readonly LabelSelector[]
      /** One text for the selectors. */
      readonly key: string
      readonly reason: string
    }
  | { readonly verdict: 'deny'; readonly reason: string }

/**
 * What RBAC says. One binding without a site selector is enough; else all that are limited count together.
 * `isOfSites`: whether objects of the resource belong to sites at all.
 */
export function decideAccess(
  grants: Grants,
  user: User,
  { attributes, isOfSites }: { readonly attributes: Attributes; readonly isOfSites: boolean },
): Verdict {
  const question = questionOf(attributes)
  const namespace = attributes.type === 'path' ? undefined : emptyIsNone(attributes.namespace)
  const limited: Grant[] = []
  const missing = new Set<string>()
  for (const grant of grants.grantsOf(user, namespace)) {
    const role = grants.role(grant.role)
    if (role === undefined) missing.add(grant.missing)
    else if (rulesAllow(role.compiled, question)) {
      if (grant.sites === undefined)
        return { verdict: 'allow', reason: `RBAC: allowed by ${grant.told}` }
      limited.push(grant)
    }
  }
  const first = limited[0]
  if (first === undefined) return { verdict: 'deny', reason: told([...missing]) }
  if (!isOfSites) return { verdict: 'deny', reason: nothingOfSites(first, attributes) }
  const bySite = new Map(limited.map((grant) => [grant.siteText, grant]))
  const texts = [...bySite.keys()].toSorted()
  return {
    verdict: 'limit',
    selectors: texts.map((text) => bySite.get(text)!.sites!),
    key: texts.join('\n'),
    reason: `RBAC: allowed by ${first.told}, for sites with ${texts.join(' or ')}`,
  }
}

function nothingOfSites(grant: Grant, attributes: Attributes): string {
  const what = attributes.type === 'path' ? attributes.path : attributes.resource
  return `RBAC: ${grant.binding} is limited to sites with ${grant.siteText}, and ${what} belong to no site`
}

/** As Kubernetes' errors are told together. */
export function told(missing: readonly string[]): string {
  if (missing.length === 0) return ''
  return `RBAC: ${aggregate(missing)}`
}

export function aggregate(messages: readonly string[]): string {
  return messages.length === 1 ? messages[0]! : `[${messages.join(', ')}]`
}

export function emptyIsNone(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
