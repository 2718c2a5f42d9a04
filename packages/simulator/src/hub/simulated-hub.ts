import type { DeviceIdentity } from '@skerry/api/device-protocol'
import { systemNamespace } from '@skerry/api/api-token'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { Controller } from '@skerry/controller/controller'
import { runControllers } from '@skerry/controller/run-controllers'
import { createHubControllers } from '@skerry/hub/controllers/hub-controllers'
import { type SiteReports, createSiteReports } from '@skerry/hub/controllers/site-reports'
import { createEnrolment } from '@skerry/hub/enrolment/enrolment'
import type { GatewayOptions, Presence } from '@skerry/hub/gateway/gateway-context'
import { type DeviceService, openDeviceService } from '@skerry/hub/gateway/gateway'
import { noCredentials } from '@skerry/hub/trust/hub-credentials'
import type { HubStore } from '@skerry/store/hub-store'
import type { Witness } from '../check/witness.ts'
import type { HubDoor } from '../link/device-network.ts'
import type { Wire } from '../link/wire.ts'
import { type Life, createLife } from '../time/life.ts'
import type { DeviceCertificates } from './device-certificates.ts'
import { type HubKeys, createHubAuthority, readSimulatedRequest } from './hub-keys.ts'
import { storeOfLife } from './store-of-life.ts'

/** What outlives a hub: its database, its keys, its blobs. */
export type HubEstate = {
  readonly store: HubStore
  readonly keys: HubKeys
  readonly certificates: DeviceCertificates
  readonly blobs: Map<string, Buffer>
}

export type HubOptions = {
  readonly estate: HubEstate
  readonly clockOf: (life: Life) => Clock
  readonly random: Random
  readonly log: Log
  readonly identity: string
  readonly witness: Witness
  /** A part of the hub ended by itself, which is a bug. */
  readonly onBug: (error: Error) => void
}

/** One run of a hub, from its start until it is killed: what `open-hub.ts` wires, without the listeners. */
export function startHub(options: HubOptions): HubDoor {
  const { estate, random, log, identity, witness, onBug } = options
  const { keys, certificates } = estate
  const life = createLife()
  const clock = options.clockOf(life)
  const store = storeOfLife(estate.store, life)
  const authority = createHubAuthority(certificates, clock)
  const reports = createSiteReports({
    state: witness.watch(store.state, ['site-report', 'site-presence']),
    clock,
    log,
  })
  const service = openService(options, { store, authority, clock, reports, life })
  const enrol = createEnrolment({
    state: witness.watch(store.state, ['enrolment']),
    authority,
    readSigningRequest: readSimulatedRequest,
    trustedKeys: () => keys.trustedKeys,
    gateway: () => 'https://hub:7444',
    clock,
    log,
  })
  const { signal } = new AbortController()
  const controllers = createHubControllers({
    store,
    sign: (payloadType, bytes) => keys.sign(payloadType, bytes),
    clock,
    credentials: noCredentials,
  }).map((controller) => watched(controller, witness))
  const lease = { identity, name: 'skerry-controllers', namespace: systemNamespace }
  runControllers({ state: store.state, controllers, clock, random, log, signal, lease }).then(
    () => onBug(new Error('The controllers ended.')),
    (error: unknown) => onBug(toError(error)),
  )
  reports.keepPresence(signal).catch((error: unknown) => onBug(toError(error)))
  return {
    life,
    service,
    enroll: enrol,
    factsOf: (certificate) => certificates.factsOf(certificate),
    wires: new Set<Wire>(),
  }
}

/** A controller whose writes are watched. */
function watched(controller: Controller, witness: Witness): Controller {
  return {
    ...controller,
    reconcile: (key, view) =>
      controller.reconcile(key, { ...view, state: witness.watch(view.state, [controller.name]) }),
  }
}

type ServiceParts = Pick<GatewayOptions, 'authority' | 'clock'> & {
  readonly store: HubStore
  readonly reports: SiteReports
  readonly life: Life
}

function openService(
  { estate, log, witness }: HubOptions,
  { store, authority, clock, reports, life }: ServiceParts,
): DeviceService {
  const { keys, blobs } = estate
  const tell = async (device: DeviceIdentity, presence: Presence): Promise<void> => {
    try {
      await life.own(reports.onPresence(device, presence))
    } catch (thrown) {
      log.warn('The presence of a site could not be written.', { error: toError(thrown).message })
    }
  }
  return openDeviceService({
    state: witness.watch(store.state, ['enrolment']),
    specs: store.specs,
    rollups: store.rollups,
    blobs: {
      stat: async (digest) => {
        const bytes = blobs.get(digest)
        return bytes && { sizeBytes: bytes.length }
      },
      read: (digest, range) => piecesOf(blobs.get(digest)!, range),
    },
    authority,
    readSigningRequest: readSimulatedRequest,
    trustedKeys: () => keys.trustedKeys,
    trustedKeySet: () => keys.trustedKeySet,
    clock,
    log,
    hostNames: [],
    onPresence: (device, presence) => void tell(device, presence),
    onReport: (device, report) => reports.onReport(device, report),
  })
}

const pieceBytes = 64 * 1024

async function* piecesOf(
  bytes: Buffer,
  range = { start: 0, end: bytes.length - 1 },
): AsyncGenerator<Buffer> {
  for (let at = range.start; at <= range.end; at += pieceBytes)
    yield bytes.subarray(at, Math.min(at + pieceBytes, range.end + 1))
}
