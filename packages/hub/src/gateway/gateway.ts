import { constants as cryptoConstants } from 'node:crypto'
import {
  type ClientHttp2Session,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  connect as connectHttp2,
  createSecureServer,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { toError } from '@skerry/base/assert'
import {
  type DeviceIdentity,
  devicePaths,
  deviceProtocolVersion,
} from '@skerry/api/device-protocol'
import { ApiError } from '@skerry/api/status'
import { type KnownDevice, admitCertificate } from '../trust/certificate-admission.ts'
import type { CertificateFacts } from '../trust/certificate-facts.ts'
import { type Connection, newConnection } from './connection.ts'
import { answer, refuse, refuseAs } from './gateway-answer.ts'
import { type FlowBudget, createFlowBudget } from './flow-budget.ts'
import type { GatewayOptions } from './gateway-context.ts'
import {
  type DeviceRequest,
  answerBlob,
  answerPoll,
  answerRenew,
  answerStatus,
  answerTelemetry,
  knownVersion,
} from './gateway-endpoints.ts'
import { keepAlive } from './keep-alive.ts'
import { type DeviceKey, type KnownDevices, deviceKeyOf, watchDevices } from './known-devices.ts'
import {
  certificateCheckMsMax,
  connectionsMax,
  headerListBytesMax,
  keepAliveMsDefault,
  requestsFlow,
  sessionMemoryMebibytesMax,
  streamsPerDeviceMax,
  telemetryRecordsFlow,
  unadmittedMsMax,
} from './limits.ts'
import { type SpecStreams, createSpecStreams } from './spec-streams.ts'

/** Where devices connect; nothing but their certificates opens it. */
export type Gateway = AsyncDisposable & {
  readonly port: number
  /** The devices that are connected to this hub process. */
  connected(): DeviceIdentity[]
  /** HTTP/2 the other way round, in which the hub asks; undefined while the device is not connected. */
  reverse(device: Pick<DeviceIdentity, 'namespace' | 'device'>): ClientHttp2Session | undefined
}

export type ListenOptions = { readonly host: string; readonly port: number }

type Running = {
  readonly options: GatewayOptions
  readonly devices: KnownDevices
  readonly specStreams: SpecStreams
  readonly requestsFlow: FlowBudget
  readonly recordsFlow: FlowBudget
  /** All connections, and those of admitted devices. */
  readonly connections: Map<ServerHttp2Session, Connection>
  readonly live: Map<DeviceKey, Connection>
}

/**
 * What the gateway does for devices, whatever carries their connections: who is let in, what is answered,
 * who is cut off.
 */
export type DeviceService = AsyncDisposable &
  Pick<Gateway, 'connected' | 'reverse'> & {
    /** Takes a new connection and what the certificate says that it showed. */
    welcome(session: ServerHttp2Session, facts: CertificateFacts | undefined): void
    /** Answers a request of a connection that was welcomed. Never rejects. */
    serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void>
  }

export function openDeviceService(options: GatewayOptions): DeviceService {
  const { state, specs, clock, log } = options
  const live = new Map<DeviceKey, Connection>()
  const onChange = (key: DeviceKey, device: KnownDevice | undefined) =>
    readmit(running, key, device)
  const running: Running = {
    options,
    live,
    connections: new Map(),
    devices: watchDevices({ state, clock, log, onChange }),
    specStreams: createSpecStreams({ specs, clock, log }),
    requestsFlow: createFlowBudget(clock, requestsFlow),
    recordsFlow: createFlowBudget(clock, telemetryRecordsFlow),
  }
  return {
    welcome: (session, facts) => welcome(running, session, facts),
    serve: (stream, headers) => serve(running, stream, headers),
    connected: () => [...live.values()].flatMap(({ identity }) => identity ?? []),
    reverse: ({ namespace, device }) => reverseOf(live.get(`${namespace}/${device}`)),
    async [Symbol.asyncDispose]() {
      for (const session of running.connections.keys()) session.destroy()
      running.specStreams[Symbol.dispose]()
      await running.devices[Symbol.asyncDispose]()
    },
  }
}

export async function openGateway(
  options: GatewayOptions,
  listen: ListenOptions,
): Promise<Gateway> {
  const { authority } = options
  await using opening = new AsyncDisposableStack()
  const service = opening.use(openDeviceService(options))
  const issued = await authority.serverCertificate(options.hostNames)
  const server = createServer(issued, authority.certificate)
  server.on('session', (session) => {
    const certificate = (session.socket as TLSSocket).getPeerX509Certificate()
    service.welcome(session, certificate && authority.factsOf(certificate))
  })
  server.on('stream', (stream, headers) => void service.serve(stream, headers))
  server.on('sessionError', () => {})
  const ended = new AbortController()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, resolve)
  })
  void renewServerCertificate(server, options, ended.signal)
  const watches = opening.move()
  return {
    port: (server.address() as AddressInfo).port,
    connected: service.connected,
    reverse: service.reverse,
    async [Symbol.asyncDispose]() {
      ended.abort(new Error('The gateway ends.'))
      const closed = new Promise((resolve) => server.close(resolve))
      await watches.disposeAsync()
      await closed
    },
  }
}

function createServer(
  issued: { readonly key: string; readonly certificate: string },
  authority: string,
): Http2SecureServer {
  const server = createSecureServer({
    key: issued.key,
    cert: issued.certificate,
    ca: authority,
    requestCert: true,
    // An expired certificate must get as far as the renewal, so admission decides, not TLS.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    secureOptions: cryptoConstants.SSL_OP_NO_TICKET,
    maxSessionMemory: sessionMemoryMebibytesMax,
    settings: {
      enableConnectProtocol: true,
      maxConcurrentStreams: streamsPerDeviceMax,
      maxHeaderListSize: headerListBytesMax,
    },
  })
  server.maxConnections = connectionsMax
  return server
}

/** Takes a new connection: nothing is answered before it is known who it is. */
function welcome(
  running: Running,
  session: ServerHttp2Session,
  facts: CertificateFacts | undefined,
): void {
  const { options, connections } = running
  const connection = newConnection(session, facts)
  connections.set(session, connection)
  session.on('error', () => {})
  session.once('close', () => {
    connections.delete(session)
    leave(running, connection)
  })
  const admission = admit(running, connection)
  admission.catch(() => {})
  Object.assign(connection, { admission })
  // Whoever is not let in may hear why, and renew, but not stay.
  options.clock.sleep(unadmittedMsMax, connection.ended).then(
    () => connection.identity ?? session.destroy(),
    () => {},
  )
}

async function admit(running: Running, connection: Connection): Connection['admission'] {
  const { options, devices, live } = running
  const { facts } = connection
  const identity = facts?.isFromAuthority === true ? facts.identity : undefined
  const known = identity && (await devices.find(identity))
  const admission = admitCertificate(facts, known, options.clock.now())
  if (admission.kind !== 'Device' || connection.ended.aborted) return admission
  const key = deviceKeyOf(admission.identity)
  const before = live.get(key)
  Object.assign(connection, { identity: admission.identity, notAfterMs: admission.notAfterMs })
  live.set(key, connection)
  // The newest connection counts: the old one is most often a dead one that nobody noticed.
  if (before === undefined) options.onPresence(admission.identity, 'connected')
  else before.session.destroy()
  void keepAlive(connection, options.clock, options.keepAliveMs ?? keepAliveMsDefault)
  return admission
}

function leave({ options, live }: Running, connection: Connection): void {
  const { identity, reverseSession } = connection
  reverseSession?.destroy()
  if (identity === undefined || live.get(deviceKeyOf(identity)) !== connection) return
  live.delete(deviceKeyOf(identity))
  options.onPresence(identity, 'disconnected')
}

/** A Device changed: cuts its connection at once if it would not be admitted any more. */
function readmit(
  { options, live }: Running,
  key: DeviceKey,
  device: KnownDevice | undefined,
): void {
  const connection = live.get(key)
  if (connection === undefined) return
  // Whether it expired is for the keep-alive; here only whether it was revoked.
  const atMs = connection.facts!.notBeforeMs
  const admission = admitCertificate(connection.facts, device, atMs)
  if (admission.kind === 'Device') return
  options.log.info('A device was cut off.', { device: key, why: admission.message })
  connection.session.destroy()
}

async function serve(
  running: Running,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  stream.on('error', () => {})
  const connection = stream.session && running.connections.get(stream.session as ServerHttp2Session)
  if (connection === undefined) return void stream.destroy()
  try {
    await serveAdmitted(running, { stream, headers, connection })
  } catch (thrown) {
    if (stream.destroyed || stream.headersSent) return void stream.destroy()
    if (thrown instanceof ApiError) return answer(stream, thrown.code, thrown.status)
    running.options.log.error('A request of a device failed.', {
      path: headers[':path'],
      error: toError(thrown).message,
    })
    refuseAs(stream, 'ServiceUnavailable', 'The hub cannot answer now: try again later.')
  }
}

async function serveAdmitted(
  running: Running,
  request: Pick<DeviceRequest, 'stream' | 'headers' | 'connection'>,
): Promise<void> {
  const { stream, headers, connection } = request
  if (isTooOld(headers))
    return refuse(
      stream,
      'ProtocolTooOld',
      `The hub speaks versions ${deviceProtocolVersion - 1} and newer of the device protocol: update the agent.`,
    )
  const admission = await connection.admission
  if (admission.kind === 'Refused') {
    const refusal = admission.reason === 'Revoked' ? 'Revoked' : 'Refused'
    return refuse(stream, refusal, admission.message)
  }
  const [path = '', search = ''] = (headers[':path'] ?? '').split('?', 2)
  const { identity } = admission
  const full = { ...request, identity, query: new URLSearchParams(search) }
  const isExpired = running.options.clock.now() >= connection.notAfterMs
  if ((admission.kind === 'RenewOnly' || isExpired) && path !== devicePaths.renew)
    return refuse(
      stream,
      'CertificateExpired',
      admission.kind === 'RenewOnly' ? admission.message : 'The certificate expired: renew it.',
    )
  return route(running, path, full)
}

/** Either side may be one version older; who says nothing speaks as we do. */
function isTooOld(headers: IncomingHttpHeaders): boolean {
  const version = Number(headers['skerry-protocol'] ?? deviceProtocolVersion)
  return !(version >= deviceProtocolVersion - 1)
}

async function route(running: Running, path: string, request: DeviceRequest): Promise<void> {
  const { options, specStreams, requestsFlow: requests } = running
  const { stream, headers, identity, query } = request
  if (!requests.take(identity.siteUid, 1))
    return refuseAs(stream, 'TooManyRequests', 'The site asks too often: wait a while.')
  switch (`${headers[':method']} ${path}`) {
    case `GET ${devicePaths.spec}`:
      return query.get('poll') === '1'
        ? answerPoll(options, request)
        : specStreams.open(stream, identity.siteUid, knownVersion(query))
    case `POST ${devicePaths.status}`:
      return answerStatus(options, request)
    case `POST ${devicePaths.telemetry}`:
      return answerTelemetry(options, request, running.recordsFlow)
    case `POST ${devicePaths.renew}`:
      return answerRenew(options, request)
    case `CONNECT ${devicePaths.reverse}`:
      return openReverseStream(request)
    default:
      return path.startsWith('/v2/') && headers[':method'] === 'GET'
        ? answerBlob(options, request)
        : refuseAs(stream, 'NotFound', 'The device gateway has nothing at this path.')
  }
}

function openReverseStream({ stream, connection }: DeviceRequest): void {
  connection.reverseSession?.destroy()
  Object.assign(connection, { reverseStream: stream, reverseSession: undefined })
  stream.respond({ ':status': 200 })
}

/** The HTTP/2 session over the reverse stream, made when it is first needed. */
function reverseOf(connection: Connection | undefined): ClientHttp2Session | undefined {
  const stream = connection?.reverseStream
  if (connection === undefined || stream === undefined || stream.destroyed) return undefined
  const open = connection.reverseSession
  if (open !== undefined && !open.destroyed && !open.closed) return open
  const session = connectHttp2('http://device', { createConnection: () => stream })
  session.on('error', () => {})
  Object.assign(connection, { reverseSession: session })
  return session
}

/** Shows the new certificate to whoever connects from then on. */
async function renewServerCertificate(
  server: Http2SecureServer,
  { authority, clock, hostNames, log }: GatewayOptions,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    try {
      await clock.sleep(certificateCheckMsMax, ended)
      const issued = await authority.serverCertificate(hostNames)
      server.setSecureContext({
        key: issued.key,
        cert: issued.certificate,
        ca: authority.certificate,
        minVersion: 'TLSv1.3',
        secureOptions: cryptoConstants.SSL_OP_NO_TICKET,
      })
    } catch (thrown) {
      if (!ended.aborted)
        log.error("The gateway's certificate could not be renewed.", {
          error: toError(thrown).message,
        })
    }
  }
}
