import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { type RequestOptions, createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import { namespaceKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { type Log, createLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { runControllers } from '@skerry/controller/run-controllers'
import { createMemoryState } from '@skerry/store/memory-state'
import { openAccess } from '../src/access/access.ts'
import { bootstrapAccess } from '../src/access/bootstrap-access.ts'
import { createRbacAdmission } from '../src/access/rbac-admission.ts'
import { createApiServer } from '../src/api-server/api-server.ts'
import { createImpersonation } from '../src/api-server/impersonation.ts'
import { createAccessReviews } from '../src/extensions/access-reviews.ts'
import { identityExtensions } from '../src/extensions/identity-extensions.ts'
import { createCertificateSigningController } from '../src/controllers/certificate-signing.ts'
import { createServiceAccountController } from '../src/controllers/service-account.ts'
import { createServiceAccountTokenController } from '../src/controllers/service-account-token.ts'
import { writeKubeconfigFile } from '../src/kubeconfig-file.ts'
import {
  type AuthenticationOptions,
  authenticationOptionsOf,
} from '../src/trust/authentication-options.ts'
import { type Authority, openAuthority } from '../src/trust/authority.ts'
import { hubCredentials } from '../src/trust/hub-credentials.ts'
import { openAuthentication } from '../src/trust/open-authentication.ts'
import {
  type ServiceAccountKeys,
  openServiceAccountKeys,
} from '../src/trust/service-account-keys.ts'
import { openSessions } from '../src/trust/sessions.ts'
import { echoingExtensions } from './api-rig.ts'

export type Answered = {
  readonly code: number
  readonly headers: Record<string, unknown>
  readonly body: Record<string, unknown>
}

export type Asked = {
  readonly body?: unknown
  readonly token?: string
  readonly headers?: RequestOptions['headers']
  /** PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string }
  readonly type?: string
}

export type IdentityRig = AsyncDisposable & {
  readonly url: string
  readonly directory: string
  readonly kubeconfig: string
  readonly state: State
  readonly authority: Authority
  readonly accountKeys: ServiceAccountKeys
  /** Everything that was logged. */
  readonly logged: string[]
  /** Nobody asks unless a token or a certificate is given. */
  ask(method: string, path: string, asked?: Asked): Promise<Answered>
  /** The administrator asks. */
  admin(method: string, path: string, asked?: Asked): Promise<Answered>
}

/** A hub's API with all that says who asks, the controllers for it and roles, over a store in memory. */
export async function openIdentityRig(
  options: Partial<AuthenticationOptions> = {},
): Promise<IdentityRig> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'skerry-identity-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const clock = systemClock
  const random = systemRandom
  const logged: string[] = []
  const log = createLog((record) => logged.push(JSON.stringify(record)))
  const authority = await openAuthority({ dir: directory, clock })
  const accountKeys = await openServiceAccountKeys({ dir: directory })
  const sessions = await openSessions({ dir: directory, clock })
  const state = stack.use(createMemoryState({ clock, random }))
  const address = { url: '' }
  const authentication = await openAuthentication({
    options: { ...authenticationOptionsOf({}), ...options },
    authority,
    accountKeys,
    sessions,
    state,
    clock,
    random,
    log,
    address: () => address.url,
  })
  const source = fixedKinds(kinds)
  await bootstrapAccess(state, kinds)
  const access = stack.use(openAccess({ state, kinds: source, clock, log }))
  await access.synced
  const { authorize } = access
  const apiServer = createApiServer({
    state,
    texts: state,
    kinds: source,
    clock,
    random,
    log,
    authenticate: authentication.authenticateApi,
    impersonate: createImpersonation(authorize),
    authorize,
    extensions: {
      ...echoingExtensions(),
      ...identityExtensions({ store: { state }, clock }, { authentication, authorize }),
      ...createRbacAdmission({ state, access }),
      ...createAccessReviews({ state, access, kinds: source }),
    },
    documents: authentication.documents,
  })
  const issued = await authority.serverCertificate([])
  const server = createServer(
    {
      key: issued.key,
      cert: issued.certificate,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      if (!apiServer.handle(request, response)) response.writeHead(404).end()
    },
  )
  stack.defer(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  stack.use(apiServer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  address.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  if ((await state.get(namespaceKind, { name: 'default' })) === undefined)
    await state.create(namespaceKind, { metadata: { name: 'default' } })
  stack.use(startControllers(state, { authority, accountKeys }, log))
  const admin = await authority.issueAdmin()
  const kubeconfig = join(directory, 'kubeconfig')
  await writeKubeconfigFile(kubeconfig, {
    server: address.url,
    authority: authority.certificate,
    ...admin,
  })
  const ask = asker(address.url, authority.certificate)
  const opened = stack.move()
  return {
    url: address.url,
    directory,
    kubeconfig,
    state,
    authority,
    accountKeys,
    logged,
    ask,
    admin: (method, path, asked) =>
      ask(method, path, {
        certificate: { cert: admin.certificate, key: admin.key },
        ...asked,
      }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function startControllers(
  state: State,
  keys: { readonly authority: Authority; readonly accountKeys: ServiceAccountKeys },
  log: Log,
): AsyncDisposable {
  const credentials = hubCredentials(keys)
  const stop = new AbortController()
  const finished = runControllers({
    state,
    controllers: [
      createServiceAccountController(credentials),
      createServiceAccountTokenController(credentials),
      createCertificateSigningController({ ...credentials, clock: systemClock }),
    ],
    clock: systemClock,
    random: systemRandom,
    log,
    signal: stop.signal,
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The test is over.'))
      await finished
    },
  }
}

function asker(url: string, ca: string): IdentityRig['ask'] {
  return async (method, path, { body, token, headers, certificate, type } = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const request = httpsRequest(`${url}${path}`, {
      method,
      ca,
      agent: false,
      ...certificate,
      headers: {
        ...(text === undefined
          ? {}
          : {
              'content-type': type ?? 'application/json',
              'content-length': Buffer.byteLength(text as string),
            }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(headers as Record<string, string>),
      },
    })
    request.end(text)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const answer = Buffer.concat(chunks).toString('utf8')
    return {
      code: response.statusCode ?? 0,
      headers: response.headers,
      body: answer.startsWith('{') ? (JSON.parse(answer) as Record<string, unknown>) : { answer },
    }
  }
}
