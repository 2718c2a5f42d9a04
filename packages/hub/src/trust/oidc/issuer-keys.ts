import { isPlainObject } from '@skerry/base/json'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { toError } from '@skerry/base/assert'
import { type JWK, type JWTVerifyGetKey, createLocalJWKSet, errors } from 'jose'
import { issuerKeysAgeMs, issuerKeysMax, issuerKeysRetryMs } from '../limits.ts'
import type { FetchJson } from './fetch-json.ts'
import type { OidcIssuer } from './oidc-issuer.ts'

export type IssuerKeysOptions = {
  readonly issuer: Pick<OidcIssuer, 'url' | 'discoveryUrl' | 'authority'>
  readonly fetchJson: FetchJson
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Log
}

/** There are no keys to judge a token by. */
export class IssuerUnreachable extends Error {
  constructor() {
    super('the keys of the issuer could not be fetched yet')
    this.name = 'IssuerUnreachable'
  }
}

/**
 * The public keys of an issuer: fetched when they are first needed, again when a token names one that is
 * not among them, and now and then. While the issuer cannot be reached, those that are held stay in use.
 */
export function createIssuerKeys(options: IssuerKeysOptions): JWTVerifyGetKey {
  const { clock, log, issuer } = options
  let held: { readonly find: JWTVerifyGetKey; readonly fetchedMs: number } | undefined
  let triedMs = Number.NEGATIVE_INFINITY
  let fetching: Promise<void> | undefined
  const mayTry = () => clock.monotonicMs() - triedMs >= issuerKeysRetryMs
  const refresh = (): Promise<void> => {
    fetching ??= (async () => {
      triedMs = clock.monotonicMs()
      try {
        const keys = await fetchKeys(options)
        held = { find: createLocalJWKSet({ keys }), fetchedMs: clock.monotonicMs() }
      } catch (thrown) {
        log.warn('The keys of a provider of identities could not be fetched.', {
          issuer: issuer.url,
          error: toError(thrown).message,
        })
      } finally {
        fetching = undefined
      }
    })()
    return fetching
  }
  return async (header, token) => {
    if (held === undefined && (mayTry() || fetching !== undefined)) await refresh()
    if (held === undefined) throw new IssuerUnreachable()
    const isOld = clock.monotonicMs() - held.fetchedMs >= issuerKeysAgeMs
    if (isOld && mayTry()) void refresh()
    try {
      return await held.find(header, token)
    } catch (thrown) {
      const isUnknown = thrown instanceof errors.JWKSNoMatchingKey
      if (!isUnknown || !(mayTry() || fetching !== undefined)) throw thrown
      await refresh()
      return held.find(header, token)
    }
  }
}

async function fetchKeys({ issuer, fetchJson }: IssuerKeysOptions): Promise<JWK[]> {
  const { url, discoveryUrl, authority } = issuer
  const from = discoveryUrl ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = await fetchJson(from, { authority })
  const { issuer: says, jwks_uri: keysUrl } = isPlainObject(document) ? document : {}
  if (says !== url) throw new Error(`${from} is the document of another issuer`)
  if (typeof keysUrl !== 'string' || !keysUrl.startsWith('https://'))
    throw new Error(`${from} has no https address in jwks_uri`)
  const set = await fetchJson(keysUrl, { authority })
  const keys = isPlainObject(set) && Array.isArray(set['keys']) ? set['keys'] : undefined
  if (keys === undefined) throw new Error(`${keysUrl} is no set of keys`)
  if (keys.length > issuerKeysMax)
    throw new Error(`${keysUrl} has ${keys.length} keys: at most ${issuerKeysMax} are taken`)
  // Shared secrets have no place in a public document, and none here.
  return keys.filter((key): key is JWK => isPlainObject(key) && isPublic(key))
}

function isPublic(key: Record<string, unknown>): boolean {
  const { kty, d, k } = key
  return (kty === 'RSA' || kty === 'EC') && d === undefined && k === undefined
}
