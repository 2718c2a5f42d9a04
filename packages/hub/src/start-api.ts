import { join } from 'node:path'
import { toError } from '@skerry/base/assert'
import { isDigest } from '@skerry/base/digest'
import { type Access, openAccess } from './access/access.ts'
import { bootstrapAccess } from './access/bootstrap-access.ts'
import { createRbacAdmission } from './access/rbac-admission.ts'
import { type ApiListener, type Handler, listenApi } from './api-listener.ts'
import { type ApiServer, createApiServer } from './api-server/api-server.ts'
import { keptAsState, keptAsTexts } from './api-server/kept-as.ts'
import type { Extensions } from './api-server/extension.ts'
import { createImpersonation } from './api-server/impersonation.ts'
import { createConsoleFiles } from './console-files.ts'
import { createEnrolment } from './enrolment/enrolment.ts'
import { createEnrolmentHandler } from './enrolment/enrolment-handler.ts'
import { coreExtensions } from './extensions/core-extensions.ts'
import { identityExtensions } from './extensions/identity-extensions.ts'
import { createAccessReviews } from './extensions/access-reviews.ts'
import { createModelInspector } from './extensions/inspect-model.ts'
import { createModelAdmission } from './extensions/model-admission.ts'
import { createOsImageAdmission } from './extensions/os-image-admission.ts'
import { admitRollout } from './extensions/rollout-admission.ts'
import { rolloutExplainHandler } from './extensions/rollout-explain.ts'
import { createRolloutSubresources } from './extensions/rollout-subresources.ts'
import { createSiteMetricsHandler } from './extensions/site-subresources.ts'
import type { Parts } from './hub-parts.ts'
import { writeKubeconfigFile } from './kubeconfig-file.ts'
import { certificateLookMs } from './limits.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'
import { type Registry, createRegistry } from './registry/registry.ts'
import { createSessionEndpoints } from './session-endpoints.ts'
import type { AuthenticRequest, Authenticator } from './trust/authenticate.ts'
import { type Authentication, openAuthentication } from './trust/open-authentication.ts'
import { createOneTimeCodes } from './trust/one-time-codes.ts'
import { openSessions } from './trust/sessions.ts'
import { urlHost } from './url-host.ts'

/**
 * The port for people: API, registry, enrolment, sessions and console; and the administrator's
 * kubeconfig, which names it. Returns its address.
 */
export async function startApi(
  parts: Parts,
  gatewayUrl: string,
  started: AsyncDisposableStack,
): Promise<string> {
  const { options, authority, store, clock, log } = parts
  const sessions = await openSessions({ dir: join(options.data, 'keys'), clock })
  const address = { url: '' }
  const authentication = await openAuthentication({
    ...parts,
    options: options.authentication,
    sessions,
    state: store.state,
    log: log.with({ part: 'authentication' }),
    address: () => address.url,
  })
  const { authenticate } = authentication
  const codes = createOneTimeCodes(clock)
  const access = await startAccess(parts, started)
  const apiServer = openApiServer(parts, authentication, access)
  const issued = await authority.serverCertificate(options.names)
  const listener = await listenApi({
    host: options.host,
    port: options.port,
    key: issued.key,
    certificate: issued.certificate,
    authority: authority.certificate,
    clock,
    log,
    handlers: [
      (request, response) => apiServer.handle(request, response),
      atPrefix('/v2/', openRegistry(parts, authenticate, access)),
      atPrefix('/device/v1/enroll/', openEnrolment(parts, gatewayUrl)),
      createSessionEndpoints({ authenticate, codes, sessions, clock }),
      createConsoleFiles(options.console),
    ],
  })
  started.use(listener)
  const stop = new AbortController()
  started.defer(() => stop.abort(new Error('The hub stops.')))
  void keepCertificateYoung(parts, listener, stop.signal)
  // Ended before the listener: its watches would keep connections open for ever.
  started.use(apiServer)
  started.defer(() => parts.shutdown.run(listener))
  const server = `https://${urlHost(options)}:${listener.port}`
  address.url = server
  const { certificate, key } = await authority.issueAdmin()
  await writeKubeconfigFile(options.kubeconfig, {
    server,
    authority: authority.certificate,
    certificate,
    key,
  })
  return server
}

/** The server's certificate is made anew at two thirds of its life; who is connected stays so. */
async function keepCertificateYoung(
  { authority, options, clock, log }: Parts,
  listener: ApiListener,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(certificateLookMs, signal)
      const { key, certificate } = await authority.serverCertificate(options.names)
      listener.renew(key, certificate)
    } catch (thrown) {
      if (signal.aborted) return
      log.error('The certificate of the API could not be renewed.', {
        error: toError(thrown).message,
      })
    }
  }
}

/** Who may do what is read before anybody asks. */
async function startAccess(
  { store, kinds, clock, log }: Parts,
  started: AsyncDisposableStack,
): Promise<Access> {
  await bootstrapAccess(store.state, kinds.kinds)
  const access = openAccess({
    state: store.state,
    kinds,
    clock,
    log: log.with({ part: 'access' }),
  })
  started.use(access)
  await access.synced
  return access
}

function openApiServer(parts: Parts, authentication: Authentication, access: Access): ApiServer {
  const { store, kinds, clock, random, log } = parts
  const { authorize } = access
  return createApiServer({
    state: keptAsState(store.state),
    texts: keptAsTexts(store.texts),
    kinds,
    clock,
    random,
    log: log.with({ part: 'api' }),
    authenticate: authentication.authenticateApi,
    impersonate: createImpersonation(authorize),
    authorize,
    extensions: {
      ...identityExtensions(parts, { authentication, authorize }),
      ...coreExtensions(store.state),
      ...extensionsOf(parts),
      ...createRbacAdmission({ state: store.state, access }),
      ...createAccessReviews({ state: store.state, access, kinds }),
    },
    documents: authentication.documents,
    ...parts.steps,
    readyChecks: {
      database: () => store.ping(),
      rbac: access.check,
      shutdown: () => parts.shutdown.readyCheck(),
    },
  })
}

function extensionsOf({ store, blobs, options, clock }: Parts): Extensions {
  const inspect =
    options.modelInspector === undefined ? undefined : createModelInspector(options.modelInspector)
  return {
    'rollouts.skerry.dev': {
      subresources: {
        ...createRolloutSubresources(store.state, clock),
        explain: rolloutExplainHandler,
      },
      admit: admitRollout,
    },
    'sites.skerry.dev': {
      subresources: { metrics: createSiteMetricsHandler(store.rollups, clock) },
    },
    'osimages.skerry.dev': {
      admit: createOsImageAdmission({
        sizeOf: async (digest) =>
          isDigest(digest) ? (await blobs.stat(digest))?.sizeBytes : undefined,
        read: async (digest, bytesMax) =>
          isDigest(digest) ? blobs.readWhole(digest, bytesMax) : undefined,
      }),
    },
    ...(inspect === undefined
      ? {}
      : {
          'modelversions.skerry.dev': {
            admit: createModelAdmission({
              state: store.state,
              inspect,
              findBlob: async (digest) => {
                if (!isDigest(digest)) return undefined
                const found = await blobs.stat(digest)
                return found && { path: blobs.pathOf(digest), ...found }
              },
            }),
          },
        }),
  }
}

function openRegistry(
  { blobs, options, log }: Parts,
  authenticate: Authenticator,
  access: Access,
): Registry {
  return createRegistry({
    blobs,
    dir: join(options.data, 'registry'),
    log: log.with({ part: 'registry' }),
    authorize: async (request, action, repository) => {
      const user = await authenticate(request as HttpRequest & AuthenticRequest)
      if (user === undefined) return 'Unknown'
      const decision = access.authorize(user, {
        type: 'resource',
        verb: action === 'pull' ? 'get' : 'create',
        group: 'skerry.dev',
        version: 'v1alpha1',
        resource: 'models',
        name: repository,
      })
      return decision.allowed ? 'Allowed' : 'Denied'
    },
  })
}

function openEnrolment({ store, authority, signingKeys, clock, log }: Parts, gatewayUrl: string) {
  const enroll = createEnrolment({
    state: store.state,
    authority,
    trustedKeys: () => signingKeys.trusted(),
    gateway: () => gatewayUrl,
    clock,
    log: log.with({ part: 'enrolment' }),
  })
  return createEnrolmentHandler(enroll, log)
}

/** A handler that answers everything at and below a path. */
function atPrefix(
  prefix: string,
  handle: (request: HttpRequest, response: HttpResponse) => Promise<void>,
): Handler {
  return async (request, response) => {
    const path = (request.url ?? '').split('?')[0]!
    if (!`${path}/`.startsWith(prefix)) return false
    await handle(request, response)
    return true
  }
}
