import type { OidcFlags } from '../authentication-options.ts'

/** A provider of identities (OpenID Connect), and how its tokens become users. */
export type OidcIssuer = {
  /** What tokens must say in `iss`, to the letter. */
  readonly url: string
  /** Where its document is, if not below `url`. */
  readonly discoveryUrl?: string | undefined
  /** A token must be for one of them. */
  readonly audiences: readonly string[]
  /** PEM; absent: the authorities that the system trusts. */
  readonly authority?: string | undefined
  readonly username: PrefixedClaim
  readonly groups?: PrefixedClaim | undefined
  readonly uidClaim?: string | undefined
  readonly extra: readonly { readonly key: string; readonly path: readonly string[] }[]
  readonly required: readonly { readonly claim: string; readonly value: string }[]
}

export type PrefixedClaim = { readonly claim: string; readonly prefix: string }

/** The issuer that options name, as a kube-apiserver reads them. */
export function issuerOfFlags(flags: OidcFlags, authority: string | undefined): OidcIssuer {
  const { issuerUrl, clientId, usernameClaim, usernamePrefix, groupsClaim, groupsPrefix } = flags
  const defaultPrefix = usernameClaim === 'email' ? '' : `${issuerUrl}#`
  return {
    url: issuerUrl,
    audiences: [clientId],
    authority,
    username: {
      claim: usernameClaim,
      prefix: usernamePrefix === '-' ? '' : (usernamePrefix ?? defaultPrefix),
    },
    groups: groupsClaim === undefined ? undefined : { claim: groupsClaim, prefix: groupsPrefix },
    extra: [],
    required: [],
  }
}

/** What is wrong with an issuer's address; undefined: nothing. */
export function issuerUrlProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return 'must be a URL'
  const { protocol, username, password, search, hash } = new URL(url)
  if (protocol !== 'https:') return 'URL scheme must be https'
  if (username !== '' || password !== '') return 'URL must not contain a username or password'
  if (search !== '' || url.includes('?')) return 'URL must not contain a query'
  if (hash !== '' || url.includes('#')) return 'URL must not contain a fragment'
  return undefined
}
