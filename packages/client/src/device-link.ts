import type {
  DeviceIdentity,
  EnrollRequest,
  EnrollResponse,
  RenewRequest,
  RenewResponse,
  StatusReport,
  TelemetryAnswer,
  TelemetryBatch,
} from '@skerry/api/device-protocol'
import type { Envelope } from '@skerry/api/envelope'
import type { SpecVersion } from '@skerry/api/site-spec'

/** What a device needs in order to connect. Keys and certificates are PEM. */
export type LinkOptions = {
  /** `https://host:port` of the device gateway. */
  readonly gateway: string
  readonly authority: string
  readonly certificate: string
  readonly key: string
  readonly identity: DeviceIdentity
  /** `http://host:port` of a proxy that is asked by CONNECT. */
  readonly proxy?: string | undefined
  readonly connectTimeoutMs: number
  /** How often a quiet connection is tried with an HTTP/2 PING; it is given up when one is not answered. */
  readonly keepAliveMs: number
}

/**
 * One connection of a device to its hub. Every call rejects with a `LinkError` when the connection is
 * lost or the hub refuses; nothing is retried here.
 */
export type DeviceLink = AsyncDisposable & {
  /** Envelopes as the hub issues them, starting with the newest if it is not `known`. Ends with the link. */
  specs(known: SpecVersion | undefined, signal: AbortSignal): AsyncIterable<Envelope>
  /** The newest envelope, or undefined if it is `known`. */
  pollSpec(known: SpecVersion | undefined): Promise<Envelope | undefined>
  reportStatus(report: StatusReport): Promise<void>
  sendTelemetry(batch: TelemetryBatch): Promise<TelemetryAnswer>
  renew(request: RenewRequest): Promise<RenewResponse>
  /** Bytes of a blob from `offset`; only blobs that the site's own spec names. */
  fetchBlob(repository: string, digest: string, offset: number): AsyncIterable<Uint8Array>
  /** Resolves when the connection is gone, with the reason. Never rejects. */
  readonly closed: Promise<Error>
  /** Bytes on the socket, TLS included. */
  traffic(): { readonly sentBytes: number; readonly receivedBytes: number }
}

export type LinkFailure =
  | 'Unreachable'
  | 'UntrustedHub'
  | 'CertificateExpired'
  | 'Revoked'
  | 'Refused'
  | 'Lost'
  | 'ProtocolTooOld'

export class LinkError extends Error {
  readonly reason: LinkFailure

  constructor(reason: LinkFailure, message: string) {
    super(message)
    this.name = 'LinkError'
    this.reason = reason
  }
}

/** How the agent reaches the hub; the real one is `device-connection.ts`, tests bring their own. */
export type DeviceNetwork = {
  connect(options: LinkOptions, signal: AbortSignal): Promise<DeviceLink>
  enroll(options: EnrollOptions, request: EnrollRequest): Promise<EnrollResponse>
}

export type EnrollOptions = {
  /** `https://host:port` of the hub's API. */
  readonly hub: string
  /** SHA-256 of the hub's authority certificate (DER), hexadecimal: how the device knows its hub. */
  readonly authorityDigest: string
  readonly proxy?: string | undefined
  readonly timeoutMs: number
}
