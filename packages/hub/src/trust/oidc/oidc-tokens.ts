import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { errors, jwtVerify } from 'jose'
import { clockSkewSecondsMax, refusalLogEveryMs } from '../limits.ts'
import { type TokenSource, refuse, unprovenClaims } from '../token-verdict.ts'
import type { FetchJson } from './fetch-json.ts'
import { IssuerUnreachable, createIssuerKeys } from './issuer-keys.ts'
import type { OidcIssuer } from './oidc-issuer.ts'
import { userOfClaims } from './user-of-claims.ts'

export type OidcTokensOptions = {
  readonly issuers: readonly OidcIssuer[]
  readonly fetchJson: FetchJson
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>
  readonly log: Log
  /** An issuer's token is for this API, whatever the issuer calls it. */
  readonly ownAudiences: () => readonly string[]
}

/** Only signatures that take a private key: neither `none` nor a secret that two know. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']

/** Tokens of providers of identities. */
export function createOidcTokens(options: OidcTokensOptions): TokenSource {
  const { issuers, clock, log, ownAudiences } = options
  const known = new Map(
    issuers.map((issuer) => [
      issuer.url,
      { issuer, keys: createIssuerKeys({ ...options, issuer }) },
    ]),
  )
  let loggedMs = Number.NEGATIVE_INFINITY
  return async (token, audiences) => {
    const found = known.get(String(unprovenClaims(token)?.['iss']))
    if (found === undefined) return undefined
    const { issuer, keys } = found
    const shared = audiences.filter((each) => ownAudiences().includes(each))
    if (shared.length === 0) return refuse('the token is for this API only')
    const refused = (reason: string) => {
      // Strangers may send any number of tokens: now and then is enough to see what is wrong.
      if (clock.monotonicMs() - loggedMs >= refusalLogEveryMs) {
        loggedMs = clock.monotonicMs()
        log.info('A token of a provider of identities was refused.', { issuer: issuer.url, reason })
      }
      return refuse(reason)
    }
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer: issuer.url,
        audience: [...issuer.audiences],
        currentDate: new Date(clock.now()),
        clockTolerance: clockSkewSecondsMax,
        requiredClaims: ['exp'],
      })
      const claimed = userOfClaims(issuer, payload)
      return claimed.ok
        ? { ok: true, user: claimed.user, audiences: shared }
        : refused(claimed.reason)
    } catch (thrown) {
      return refused(reasonOf(thrown))
    }
  }
}

/** Names what did not hold; the words of the library may hold what the token says. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'oidc: token is expired'
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return `oidc: claim ${JSON.stringify(thrown.claim)} does not hold`
  if (thrown instanceof IssuerUnreachable) return `oidc: ${thrown.message}`
  if (thrown instanceof errors.JOSEError) return `oidc: verify token: ${thrown.code}`
  return 'oidc: verify token: failed'
}
