import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '@skerry/base/clock'
import type { State } from '@skerry/api/state'
import { authenticateBearer } from './api-tokens.ts'
import type { Authority } from './authority.ts'
import type { Identity } from './identity.ts'
import type { Sessions } from './sessions.ts'

export type AuthenticatorOptions = {
  readonly authority: Pick<Authority, 'factsOf'>
  readonly sessions: Pick<Sessions, 'identityOf'>
  readonly state: State
  readonly clock: Pick<Clock, 'now'>
}

/** What of a request tells who sent it; HTTP/1.1 and HTTP/2 requests both have it. */
export type AuthenticRequest = Pick<IncomingMessage, 'method' | 'headers'> & {
  readonly socket: Socket & { getPeerX509Certificate?: () => X509Certificate | undefined }
}

export type Authenticator = (request: AuthenticRequest) => Promise<Identity | undefined>

/** A page of another origin cannot set it, so a request with it was sent by our console. */
export const consoleHeader = 'x-skerry-console'

/**
 * Who sent a request: by bearer token, by the console's cookie, or by client certificate. What is shown
 * and wrong makes nobody of the sender, whatever else was shown.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { authority, sessions, state, clock } = options
  return async (request) => {
    const { authorization, cookie } = request.headers
    if (authorization !== undefined) {
      const token = tokenOf(authorization)
      return token === undefined ? undefined : authenticateBearer(state, token, clock.now())
    }
    const session = sessions.identityOf(cookie)
    if (session !== undefined)
      return isSafe(request.method) || request.headers[consoleHeader] === '1' ? session : undefined
    if (!isSafe(request.method) && isFromOtherPage(request)) return undefined
    const certificate = request.socket.getPeerX509Certificate?.()
    if (certificate === undefined) return undefined
    const facts = authority.factsOf(certificate)
    const isValid =
      facts.isFromAuthority &&
      facts.isForClients &&
      clock.now() >= facts.notBeforeMs &&
      clock.now() < facts.notAfterMs
    return isValid ? { name: facts.commonName, groups: facts.organizations } : undefined
  }
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
