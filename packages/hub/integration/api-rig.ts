import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { resourceName } from '@skerry/api/kind'
import { fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { openAccess } from '../src/access/access.ts'
import { bootstrapAccess } from '../src/access/bootstrap-access.ts'
import { createRbacAdmission } from '../src/access/rbac-admission.ts'
import { createAccessReviews } from '../src/extensions/access-reviews.ts'
import { createApiServer } from '../src/api-server/api-server.ts'
import type { Extensions } from '../src/api-server/extension.ts'
import { openAuthority } from '../src/trust/authority.ts'
import { writeKubeconfigFile } from '../src/kubeconfig-file.ts'

export type ApiRig = AsyncDisposable & {
  readonly state: State
  readonly directory: string
  readonly kubeconfig: string
  /** Of somebody who may only read. */
  readonly viewerKubeconfig: string
}

/** A hub's API over HTTPS on a port of its own, with its own authority and everything in memory. */
export async function openApiRig(): Promise<ApiRig> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'skerry-api-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const clock = systemClock
  const random = systemRandom
  const authority = await openAuthority({ dir: directory, clock })
  const { key, certificate } = await authority.serverCertificate([])
  const state = stack.use(createMemoryState({ clock, random }))
  const source = fixedKinds(kinds)
  await bootstrapAccess(state, kinds)
  const access = stack.use(openAccess({ state, kinds: source, clock, log: silentLog }))
  await access.synced
  const apiServer = createApiServer({
    state,
    texts: state,
    kinds: source,
    clock,
    random,
    log: silentLog,
    authenticate: async ({ socket, headers }) => {
      if (headers.authorization === 'Bearer viewer')
        return { name: 'viewer', groups: ['skerry:viewers', 'system:authenticated'] }
      const { subject } = (socket as TLSSocket).getPeerCertificate()
      return subject === undefined
        ? undefined
        : { name: String(subject.CN), groups: [String(subject.O), 'system:authenticated'] }
    },
    authorize: access.authorize,
    extensions: {
      ...echoingExtensions(),
      ...createRbacAdmission({ state, access }),
      ...createAccessReviews({ state, access, kinds: source }),
    },
  })
  const server = createServer(
    {
      key,
      cert: certificate,
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
  const { port } = server.address() as AddressInfo
  const admin = await authority.issueAdmin()
  const address = { server: `https://127.0.0.1:${port}`, authority: authority.certificate }
  const kubeconfig = join(directory, 'kubeconfig')
  const viewerKubeconfig = join(directory, 'viewer-kubeconfig')
  await writeKubeconfigFile(kubeconfig, { ...address, ...admin })
  await writeViewerKubeconfig(viewerKubeconfig, address)
  const opened = stack.move()
  return {
    state,
    directory,
    kubeconfig,
    viewerKubeconfig,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** With a token instead of a certificate; kubectl takes JSON for YAML. */
async function writeViewerKubeconfig(
  path: string,
  { server, authority }: { readonly server: string; readonly authority: string },
): Promise<void> {
  const data = Buffer.from(authority).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'hub', cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: 'viewer', user: { token: 'viewer' } }],
    contexts: [{ name: 'viewer', context: { cluster: 'hub', user: 'viewer' } }],
    'current-context': 'viewer',
  }
  await writeFile(path, JSON.stringify(config))
}

/** Every subresource that a kind declares, answering what it was asked. */
export function echoingExtensions(): Extensions {
  return Object.fromEntries(
    kinds.map((kind) => [
      resourceName(kind),
      {
        subresources: Object.fromEntries(
          kind.subresources.map((name) => [
            name,
            {
              verbs: ['get', 'create'] as const,
              handle: async ({ object, body, verb, user }) => ({
                name: object.metadata.name,
                asked: { name, verb, body: body ?? null, user: user.name },
              }),
            },
          ]),
        ),
      },
    ]),
  )
}
