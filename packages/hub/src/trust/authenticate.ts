import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '@skerry/base/clock'
import type { User } from '../api-server/authorization.ts'
import type { Authority } from './authority.ts'
import type { CertificateFacts } from './certificate-facts.ts'
import type { Sessions } from './sessions.ts'
import type { ReviewToken } from './token-authenticator.ts'
import { anonymousUser, credentialKey, withAuthenticated } from './user.ts'

export type AuthenticatorOptions = {
  readonly authority: Pick<Authority, 'factsOf'>
  readonly sessions: Pick<Sessions, 'identityOf' | 'isIn'>
  readonly reviewToken: ReviewToken
  readonly clock: Pick<Clock, 'now'>
  /** Whether who shows nothing is let in as `system:anonymous`. */
  readonly admitsAnonymous?: boolean
}

/** What of a request tells who sent it; HTTP/1.1 and HTTP/2 requests both have it. */
export type AuthenticRequest = Pick<IncomingMessage, 'method' | 'headers'> & {
  readonly socket: Socket & { getPeerX509Certificate?: () => X509Certificate | undefined }
}

export type Authenticator = (request: AuthenticRequest) => Promise<User | undefined>

/** A page of another origin cannot set it, so a request with it was sent by our console. */
export const consoleHeader = 'x-skerry-console'

/**
 * Who sent a request: by bearer token, by the console's cookie, or by client certificate. What is shown
 * and wrong makes nobody of the sender, whatever else was shown.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { sessions, reviewToken, admitsAnonymous = false } = options
  const factsOf = createFactsOf(options)
  return async (request) => {
    const { authorization, cookie } = request.headers
    if (authorization !== undefined) {
      const token = tokenOf(authorization)
      const verdict = token === undefined ? undefined : await reviewToken(token)
      return verdict?.ok ? verdict.user : undefined
    }
    const session = cookie === undefined ? undefined : sessions.identityOf(cookie)
    if (session !== undefined)
      return isSafe(request.method) || request.headers[consoleHeader] === '1'
        ? withAuthenticated(session)
        : undefined
    if (!isSafe(request.method) && isFromOtherPage(request)) return undefined
    const facts = factsOf(request.socket)
    if (facts !== undefined) return userOfCertificate(options, facts)
    return admitsAnonymous && !sessions.isIn(cookie) ? anonymousUser : undefined
  }
}

type FactsOf = (socket: AuthenticRequest['socket']) => CertificateFacts | undefined

/** A connection shows its certificate once; to look at it takes longer than to answer a get. */
function createFactsOf({ authority }: AuthenticatorOptions): FactsOf {
  const known = new WeakMap<Socket, CertificateFacts>()
  return (socket) => {
    const before = known.get(socket)
    if (before !== undefined) return before
    const certificate = socket.getPeerX509Certificate?.()
    if (certificate === undefined) return undefined
    const facts = authority.factsOf(certificate)
    known.set(socket, facts)
    return facts
  }
}

function userOfCertificate(
  { clock }: AuthenticatorOptions,
  facts: CertificateFacts,
): User | undefined {
  const isValid =
    facts.isFromAuthority &&
    facts.isForClients &&
    facts.commonName !== '' &&
    clock.now() >= facts.notBeforeMs &&
    clock.now() < facts.notAfterMs
  if (!isValid) return undefined
  return withAuthenticated({
    name: facts.commonName,
    groups: facts.organizations,
    extra: { [credentialKey]: [`X509SHA256=${facts.fingerprint}`] },
  })
}

/** A bearer token, or the password of Basic: what registry clients can send. */
function tokenOf(authorization: string): string | undefined {
  const [, scheme, value] = /^(Bearer|Basic) ([^\s]+)$/i.exec(authorization) ?? []
  if (scheme?.toLowerCase() !== 'basic') return value
  return Buffer.from(value!, 'base64').toString('utf8').split(':', 2)[1]
}

const isSafe = (method: string | undefined) => method === 'GET' || method === 'HEAD'

/**
 * Whether a page of another origin had a browser send this. Browsers show a certificate that they hold
 * to whoever asks, as they do with cookies, and say by this header on whose behalf; other clients do not.
 */
function isFromOtherPage({ headers }: AuthenticRequest): boolean {
  const site = headers['sec-fetch-site'] ?? 'none'
  return site !== 'none' && site !== 'same-origin'
}
