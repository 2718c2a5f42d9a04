import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { systemNamespace } from '@skerry/api/api-token'
import { kinds } from '@skerry/api/kinds'
import type { DeviceIdentity } from '@skerry/api/device-protocol'
import { openBlobStore } from '@skerry/artifact/blob-store'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { toError } from '@skerry/base/assert'
import { runControllers } from '@skerry/controller/run-controllers'
import { startEmbeddedPostgres } from '@skerry/store/embedded-postgres'
import { openPostgresStore } from '@skerry/store/postgres-store'
import { listenFailure } from './api-listener.ts'
import { assertRestoreFinished } from './backup.ts'
import { createHubControllers } from './controllers/hub-controllers.ts'
import { openKindRegistry } from './custom-kinds/kind-registry.ts'
import { createSiteReports } from './controllers/site-reports.ts'
import { type Gateway, openGateway } from './gateway/gateway.ts'
import { announceRunningHub } from './hub-endpoint-file.ts'
import { lockDataDirectory } from './hub-lock.ts'
import type { HubOptions } from './hub-options.ts'
import type { Parts, Tools } from './hub-parts.ts'
import { createHubMetrics } from './metrics/hub-metrics.ts'
import { openRequestSteps } from './open-request-steps.ts'
import { createShutdown } from './shut-down-api.ts'
import { startApi } from './start-api.ts'
import { ensureNamespace } from './ensure-namespace.ts'
import { hubCredentials } from './trust/hub-credentials.ts'
import { openAuthority } from './trust/authority.ts'
import { readOrCreateKeyFile } from './trust/key-ring-file.ts'
import { createSealer } from './trust/sealer.ts'
import { openServiceAccountKeys } from './trust/service-account-keys.ts'
import { openSigningKeys } from './trust/signing-keys.ts'
import { urlHost } from './url-host.ts'

export type Hub = AsyncDisposable & {
  /** `https://host:port` of the API. */
  readonly server: string
  readonly gateway: string
}

/**
 * Starts everything that a hub is, in order; disposing ends it in reverse. Rejects with a sentence when
 * the data directory is another hub's, full or read-only, a port is taken, or the database cannot be had.
 */
export async function openHub(options: HubOptions, tools: Tools): Promise<Hub> {
  return tellStorageErrors(options.data, () => openParts(options, tools))
}

async function openParts(options: HubOptions, tools: Tools): Promise<Hub> {
  await using started = new AsyncDisposableStack()
  started.use(lockDataDirectory(options.data))
  await assertRestoreFinished(options.data)
  const keys = join(options.data, 'keys')
  const { clock, random, log } = tools
  const authority = await openAuthority({ dir: keys, clock })
  const signingKeys = await openSigningKeys({ dir: keys, clock })
  const accountKeys = await openServiceAccountKeys({ dir: keys })
  const metrics = createHubMetrics(clock)
  const sealer = await createSealer({ dir: keys })
  const databaseUrl = options.databaseUrl ?? (await startDatabase(options, tools, started))
  const store = started.use(
    await openPostgresStore({ ...tools, databaseUrl, sealer, meter: metrics.store }),
  )
  started.use(await announceRunningHub(options.data, { databaseUrl }))
  const kindRegistry = started.use(
    await openKindRegistry({ state: store.state, builtIn: kinds, clock, random, log }),
  )
  if (store.figures !== undefined) metrics.store.follow(store.figures)
  const blobs = await openBlobStore({ dir: join(options.data, 'registry'), clock })
  const reports = createSiteReports({ state: store.state, clock, log })
  const steps = await openRequestSteps({ ...tools, options, metrics }, started)
  const shutdown = createShutdown({ delayMs: options.shutdownDelayMs ?? 0, clock, log })
  const parts: Parts = {
    ...tools,
    options,
    authority,
    signingKeys,
    accountKeys,
    store,
    kinds: kindRegistry,
    blobs,
    reports,
    steps,
    shutdown,
  }
  await ensureNamespace(store.state, systemNamespace)
  const gateway = started.use(await startGateway(parts))
  const gatewayUrl = `https://${urlHost(options)}:${gateway.port}`
  const server = await startApi(parts, gatewayUrl, started)
  startControllers(parts, await instanceName(options.data), started)
  const running = started.move()
  return { server, gateway: gatewayUrl, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function startDatabase(
  { data }: HubOptions,
  { clock, log }: Tools,
  started: AsyncDisposableStack,
): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDir: data, clock, log })
  return started.use(postgres).databaseUrl
}

async function startGateway(parts: Parts): Promise<Gateway> {
  const { options, signingKeys, store, blobs, authority, clock, log, reports } = parts
  const listen = { host: options.host, port: options.gatewayPort }
  try {
    return await openGateway(
      {
        state: store.state,
        specs: store.specs,
        rollups: store.rollups,
        blobs,
        authority,
        trustedKeys: () => signingKeys.trusted(),
        trustedKeySet: () => signingKeys.trustedSet(),
        clock,
        log: log.with({ part: 'gateway' }),
        hostNames: options.names,
        onPresence: (device, presence) => void tellPresence(parts, device, presence),
        onReport: (device, report) => reports.onReport(device, report),
      },
      listen,
    )
  } catch (thrown) {
    throw listenFailure(thrown, { ...listen, option: '--gateway-port' })
  }
}

/** Nobody waits for it: what could not be written is put right by the next report, or by the sweep. */
async function tellPresence(
  { reports, log }: Parts,
  device: DeviceIdentity,
  presence: 'connected' | 'disconnected',
): Promise<void> {
  try {
    await reports.onPresence(device, presence)
  } catch (thrown) {
    log.warn('The presence of a site could not be written.', {
      site: device.site,
      presence,
      error: toError(thrown).message,
    })
  }
}

/**
 * The name by which this hub leads: the same after a restart, so that a hub which was killed goes on
 * at once instead of waiting for its own lease to run out.
 */
function instanceName(data: string): Promise<string> {
  return readOrCreateKeyFile(join(data, 'instance'), () => randomUUID())
}

function startControllers(parts: Parts, identity: string, started: AsyncDisposableStack): void {
  const { store, reports, signingKeys, clock, random, log } = parts
  const stop = new AbortController()
  const controllers = createHubControllers({
    store,
    sign: (payloadType, bytes) => signingKeys.sign(payloadType, bytes),
    clock,
    kinds: parts.kinds,
    credentials: hubCredentials(parts),
  })
  const finished = Promise.all([
    reports.keepPresence(stop.signal),
    runControllers({
      state: store.state,
      controllers,
      clock,
      random,
      log: log.with({ part: 'controllers' }),
      signal: stop.signal,
      lease: {
        identity,
        name: 'skerry-controllers',
        namespace: systemNamespace,
      },
    }),
  ])
  started.defer(async () => {
    stop.abort(new Error('The hub stops.'))
    await finished
  })
}
