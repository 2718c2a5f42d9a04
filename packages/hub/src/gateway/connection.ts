import type { ClientHttp2Session, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { DeviceIdentity } from '@skerry/api/device-protocol'
import type { Admission } from '../trust/certificate-admission.ts'
import type { CertificateFacts } from '../trust/certificate-facts.ts'

/** One connection of a device. */
export type Connection = {
  readonly session: ServerHttp2Session
  readonly facts: CertificateFacts | undefined
  /** Aborts when the connection is gone. */
  readonly ended: AbortSignal
  /** What its certificate opens; decided once, before the first stream is answered. */
  admission: Promise<Admission>
  /** Who it is, once it is admitted. */
  identity: DeviceIdentity | undefined
  /** When it ends to be admitted; a renewal on this connection moves it. */
  notAfterMs: number
  renewals: number
  blobStreams: number
  /** The stream in which the hub may open streams. */
  reverseStream: ServerHttp2Stream | undefined
  reverseSession: ClientHttp2Session | undefined
}

export function newConnection(
  session: ServerHttp2Session,
  facts: CertificateFacts | undefined,
): Connection {
  const ended = new AbortController()
  session.once('close', () => ended.abort(new Error('The connection is gone.')))
  return {
    session,
    facts,
    ended: ended.signal,
    admission: Promise.resolve({ kind: 'Refused', reason: 'NoCertificate', message: '' }),
    identity: undefined,
    notAfterMs: facts?.notAfterMs ?? 0,
    renewals: 0,
    blobStreams: 0,
    reverseStream: undefined,
    reverseSession: undefined,
  }
}
