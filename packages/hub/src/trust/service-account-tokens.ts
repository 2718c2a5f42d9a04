import { isPlainObject } from '@skerry/base/json'
import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import { secretKind } from '@skerry/api/kinds/core'
import { serviceAccountKind, serviceAccountTokenType } from '@skerry/api/kinds/service-account'
import type { State } from '@skerry/api/state'
import type { User } from '../api-server/authorization.ts'
import { clockSkewSecondsMax } from './limits.ts'
import type { ServiceAccountKeys } from './service-account-keys.ts'
import { type TokenSource, audiencesOf, refuse, unprovenClaims } from './token-verdict.ts'
import { credentialKey, serviceAccountGroups, serviceAccountName } from './user.ts'

export type ObjectIdentity = { readonly name: string; readonly uid: string }

export type TokenOrder = {
  readonly namespace: string
  readonly account: ObjectIdentity
  /** The token ends with it. */
  readonly secret?: ObjectIdentity | undefined
  readonly audiences: readonly string[]
  readonly seconds: number
}

/** Makes tokens of service accounts, and says whose one is. */
export type ServiceAccountTokens = {
  mint(order: TokenOrder): Promise<{ readonly token: string; readonly expirationMs: number }>
  readonly source: TokenSource
}

/** A token that stands in a secret, and is good for as long as it stands there. */
export function signSecretToken(
  keys: Pick<ServiceAccountKeys, 'sign'>,
  order: {
    readonly namespace: string
    readonly secretName: string
    readonly account: ObjectIdentity
  },
): Promise<string> {
  const { namespace, secretName, account } = order
  return keys.sign({
    iss: legacyIssuer,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': account.name,
    'kubernetes.io/serviceaccount/service-account.uid': account.uid,
    sub: serviceAccountName({ namespace, name: account.name }),
  })
}

export type ServiceAccountTokensOptions = {
  readonly keys: ServiceAccountKeys
  readonly state: State
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'uuid'>
  /** The first is written into tokens, all are taken. */
  readonly issuers: () => readonly string[]
}

/** The issuer of the tokens that stand in secrets and never end. */
export const legacyIssuer = 'kubernetes/serviceaccount'

export function createServiceAccountTokens(
  options: ServiceAccountTokensOptions,
): ServiceAccountTokens {
  const { keys, clock, random, issuers } = options
  return {
    async mint({ namespace, account, secret, audiences, seconds }) {
      const now = Math.floor(clock.now() / 1000)
      const token = await keys.sign({
        aud: [...audiences],
        exp: now + seconds,
        iat: now,
        iss: issuers()[0]!,
        jti: random.uuid(),
        'kubernetes.io': {
          namespace,
          ...(secret === undefined ? {} : { secret: { name: secret.name, uid: secret.uid } }),
          serviceaccount: { name: account.name, uid: account.uid },
        },
        nbf: now,
        sub: serviceAccountName({ namespace, name: account.name }),
      })
      return { token, expirationMs: (now + seconds) * 1000 }
    },
    async source(token, audiences) {
      const issuer = unprovenClaims(token)?.['iss']
      if (issuer !== legacyIssuer && !issuers().includes(String(issuer))) return undefined
      const claims = await keys.verify(token)
      if (claims === undefined) return refuse('the signature of the token does not hold')
      return claims['iss'] === legacyIssuer
        ? reviewLegacy(options, { token, claims, audiences })
        : review(options, claims, audiences)
    },
  }
}

async function review(
  { state, clock }: ServiceAccountTokensOptions,
  claims: Record<string, unknown>,
  audiences: readonly string[],
) {
  const now = clock.now() / 1000
  const { exp, nbf, jti } = claims
  if (typeof exp !== 'number' || now > exp + clockSkewSecondsMax)
    return refuse('service account token has expired')
  if (typeof nbf === 'number' && now < nbf - clockSkewSecondsMax)
    return refuse('service account token is not valid yet')
  const own = audiencesOf(claims['aud'])
  const shared = audiences.filter((each) => own.includes(each))
  if (shared.length === 0)
    return refuse(
      `token audiences [${quoted(own)}] is invalid for the target audiences [${quoted(audiences)}]`,
    )
  const bound = claims['kubernetes.io']
  if (!isPlainObject(bound) || typeof bound['namespace'] !== 'string')
    return refuse('the token names no service account')
  const { namespace } = bound
  const account = identityOf(bound['serviceaccount'])
  if (account === undefined) return refuse('the token names no service account')
  if (!(await isThere(state, { kind: serviceAccountKind, namespace, ...account })))
    return refuse('service account token has been invalidated')
  const secret = identityOf(bound['secret'])
  if (bound['secret'] !== undefined)
    if (!secret || !(await isThere(state, { kind: secretKind, namespace, ...secret })))
      return refuse('service account token has been invalidated')
  const user = userOf(namespace, account)
  return {
    ok: true,
    user: typeof jti === 'string' ? { ...user, extra: { [credentialKey]: [`JTI=${jti}`] } } : user,
    audiences: shared,
  } as const
}

/** A token from a secret is good as long as it stands there. */
async function reviewLegacy(
  { state, issuers }: ServiceAccountTokensOptions,
  given: {
    readonly token: string
    readonly claims: Record<string, unknown>
    readonly audiences: readonly string[]
  },
) {
  const claim = (name: string) => {
    const value = given.claims[`kubernetes.io/serviceaccount/${name}`]
    return typeof value === 'string' ? value : ''
  }
  // It names no audience: it is for this API.
  const shared = given.audiences.filter((each) => issuers().includes(each))
  if (shared.length === 0) return refuse('the token is for this API only')
  const namespace = claim('namespace')
  const account = { name: claim('service-account.name'), uid: claim('service-account.uid') }
  const secret = await state.get(secretKind, { namespace, name: claim('secret.name') })
  const isHeld =
    secret?.type === serviceAccountTokenType &&
    secret.metadata.deletionTimestamp === undefined &&
    secret.data?.['token'] === Buffer.from(given.token).toString('base64')
  if (!isHeld || !(await isThere(state, { kind: serviceAccountKind, namespace, ...account })))
    return refuse('service account token has been invalidated')
  return { ok: true, user: userOf(namespace, account), audiences: shared } as const
}

function userOf(namespace: string, { name, uid }: ObjectIdentity): User {
  return {
    name: serviceAccountName({ namespace, name }),
    uid,
    groups: serviceAccountGroups(namespace),
  }
}

/** Whether the very object is there: another of the same name is not the one that was meant. */
async function isThere(
  state: State,
  wanted: ObjectIdentity & {
    readonly kind: typeof serviceAccountKind | typeof secretKind
    readonly namespace: string
  },
): Promise<boolean> {
  const { kind, namespace, name, uid } = wanted
  const found = await state.get(kind, { namespace, name })
  return found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined
}

function identityOf(value: unknown): ObjectIdentity | undefined {
  if (!isPlainObject(value)) return undefined
  const { name, uid } = value
  return typeof name === 'string' && typeof uid === 'string' ? { name, uid } : undefined
}

const quoted = (texts: readonly string[]) => texts.map((text) => JSON.stringify(text)).join(' ')
