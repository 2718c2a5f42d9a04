import { isPlainObject } from '@skerry/base/json'
import type { User } from '../../api-server/authorization.ts'
import { credentialKey } from '../user.ts'
import type { OidcIssuer } from './oidc-issuer.ts'

export type ClaimedUser =
  | { readonly ok: true; readonly user: User }
  | { readonly ok: false; readonly reason: string }

type Claims = Readonly<Record<string, unknown>>

/** Names that mean something to the hub itself; no provider of identities gives them. */
const reserved = /^(system|skerry):/

/** Who the claims of a proved token say that somebody is. Reasons name claims and never their values. */
export function userOfClaims(issuer: OidcIssuer, claims: Claims): ClaimedUser {
  const refuse = (reason: string): ClaimedUser => ({ ok: false, reason })
  for (const { claim, value } of issuer.required)
    if (own(claims, claim) !== value)
      return refuse(`oidc: claim ${JSON.stringify(claim)} is not what the configuration requires`)
  const given = own(claims, issuer.username.claim)
  if (typeof given !== 'string' || given === '')
    return refuse(
      `oidc: claim ${JSON.stringify(issuer.username.claim)} must be a text that is not empty`,
    )
  if (issuer.username.claim === 'email' && (own(claims, 'email_verified') ?? true) !== true)
    return refuse('oidc: email not verified')
  const name = `${issuer.username.prefix}${given}`
  if (reserved.test(name)) return refuse('oidc: the name is reserved: give the issuer a prefix')
  const groups = groupsOf(issuer, claims)
  if (groups === undefined)
    return refuse(
      `oidc: claim ${JSON.stringify(issuer.groups?.claim)} must be a text or a list of texts`,
    )
  const uid = issuer.uidClaim === undefined ? undefined : own(claims, issuer.uidClaim)
  if (issuer.uidClaim !== undefined && typeof uid !== 'string')
    return refuse(`oidc: claim ${JSON.stringify(issuer.uidClaim)} must be a text`)
  const extra = extraOf(issuer, claims)
  return {
    ok: true,
    user: {
      name,
      groups: groups.filter((group) => !reserved.test(group)),
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
    },
  }
}

function groupsOf({ groups }: OidcIssuer, claims: Claims): string[] | undefined {
  const given = groups === undefined ? undefined : own(claims, groups.claim)
  if (given === undefined || given === null) return []
  const list = textsOf(given)
  return list?.map((group) => `${groups?.prefix}${group}`)
}

function extraOf(issuer: OidcIssuer, claims: Claims): Record<string, string[]> {
  const { jti } = claims
  const entries = issuer.extra.map(({ key, path }) => {
    const value = path.reduce<unknown>(
      (inner, name) => (isPlainObject(inner) ? own(inner, name) : undefined),
      claims,
    )
    return [key, textsOf(value)?.filter((text) => text !== '') ?? []] as const
  })
  const credential =
    typeof jti === 'string' && jti !== '' ? [[credentialKey, [`JTI=${jti}`]] as const] : []
  return Object.fromEntries([...entries, ...credential].filter(([, values]) => values.length > 0))
}

function textsOf(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : [value]
  return list.every((each): each is string => typeof each === 'string') ? list : undefined
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}
