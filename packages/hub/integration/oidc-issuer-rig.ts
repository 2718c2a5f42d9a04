import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { type JWK, type JWTPayload, SignJWT, exportJWK } from 'jose'
import { openAuthority } from '../src/trust/authority.ts'

export type OidcRig = AsyncDisposable & {
  readonly url: string
  /** PEM of the authority that signed the issuer's certificate. */
  readonly authority: string
  /** How often the keys were fetched. */
  fetches(): number
  /** Makes a new key, which signs from now on; the old one is no longer shown. */
  rotate(): Promise<void>
  /** Adds something to what is shown as keys. */
  show(key: JWK): void
  /** Answers at a path of its own. */
  serve(path: string, code: number, body: string): void
  /** Whether it answers. */
  setUp(isUp: boolean): void
  /** A token as the issuer makes it, unless `claims` and `header` say otherwise. */
  token(claims?: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>
  /** The public key that signs now. */
  publicKey(): JWK
}

/** A provider of identities over HTTPS, of this process. */
export async function openOidcRig(): Promise<OidcRig> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'skerry-oidc-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const authority = await openAuthority({ dir: directory, clock: systemClock })
  const issued = await authority.serverCertificate([])
  let fetches = 0
  let isUp = true
  let generation = 0
  let current = await newKey((generation += 1))
  const shown: JWK[] = []
  const served = new Map<string, { readonly code: number; readonly body: string }>()
  const server = createServer(
    { key: issued.key, cert: issued.certificate },
    (request, response) => {
      if (!isUp) return void response.writeHead(503).end()
      response.setHeader('content-type', 'application/json')
      if (request.url === '/keys') {
        fetches += 1
        return void response.end(JSON.stringify({ keys: [current.jwk, ...shown] }))
      }
      if (request.url === '/.well-known/openid-configuration')
        return void response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }))
      const { code, body } = served.get(request.url ?? '') ?? { code: 404, body: '' }
      response.writeHead(code, { location: `${url}/keys` }).end(body)
    },
  )
  stack.defer(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const opened = stack.move()
  return {
    url,
    authority: authority.certificate,
    fetches: () => fetches,
    async rotate() {
      current = await newKey((generation += 1))
    },
    show: (key) => shown.push(key),
    serve: (path, code, body) => served.set(path, { code, body }),
    setUp: (value) => {
      isUp = value
    },
    token: (claims = {}, { alg = 'RS256', kid = current.jwk.kid! } = {}) => {
      const now = Math.floor(systemClock.now() / 1000)
      const standard = { iss: url, aud: 'hub', sub: 'u-1', iat: now, exp: now + 300 }
      return new SignJWT({ ...standard, ...claims })
        .setProtectedHeader({ alg, kid })
        .sign(current.privateKey)
    },
    publicKey: () => current.jwk,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function newKey(generation: number) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = await exportJWK(publicKey)
  return { privateKey, jwk: { ...jwk, kid: `key-${generation}`, alg: 'RS256', use: 'sig' } }
}
