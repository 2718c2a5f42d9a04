import type { BlobStore } from '@skerry/artifact/blob-store'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { DeviceIdentity, StatusReport } from '@skerry/api/device-protocol'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import type { State } from '@skerry/api/state'
import type { RollupStore, SpecStore } from '@skerry/store/hub-store'
import type { Authority } from '../trust/authority.ts'
import type { ReadSigningRequest } from '../trust/signing-request.ts'

export type Presence = 'connected' | 'disconnected'

export type GatewayOptions = {
  readonly state: State
  readonly specs: SpecStore
  readonly rollups: RollupStore
  readonly blobs: Pick<BlobStore, 'stat' | 'read'>
  readonly authority: Authority
  /** How the key of a request is read and proved; absent: by the platform's own cryptography. */
  readonly readSigningRequest?: ReadSigningRequest
  readonly trustedKeys: () => readonly TrustedKey[]
  /** The same, signed by each of them. */
  readonly trustedKeySet: () => Envelope
  readonly clock: Clock
  readonly log: Log
  /** Names by which devices reach the gateway, beside localhost. */
  readonly hostNames: readonly string[]
  readonly keepAliveMs?: number
  /** Told once when a device comes and once when it is gone; a reconnect in between is not told. */
  readonly onPresence: (device: DeviceIdentity, presence: Presence) => void
  /** The device is answered when this is done; it sends again if this rejects. */
  readonly onReport: (device: DeviceIdentity, report: StatusReport) => void | Promise<void>
}
