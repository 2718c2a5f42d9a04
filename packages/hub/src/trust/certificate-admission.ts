import type { DeviceIdentity } from '@skerry/api/device-protocol'
import type { CertificateFacts } from './certificate-facts.ts'

/** What the hub knows of the device that a certificate names; undefined: there is none. */
export type KnownDevice = {
  readonly site: string
  readonly publicKeyDigest: string
  /** Undefined: not known, as of a Device that a person made. */
  readonly siteUid: string | undefined
}

export type Admission =
  | { readonly kind: 'Device'; readonly identity: DeviceIdentity; readonly notAfterMs: number }
  /**
   * Expired, or issued while the hub's clock was ahead, but not revoked: the renewal endpoint and nothing
   * else.
   */
  | { readonly kind: 'RenewOnly'; readonly identity: DeviceIdentity; readonly message: string }
  | { readonly kind: 'Refused'; readonly reason: AdmissionRefusal; readonly message: string }

export type AdmissionRefusal = 'NoCertificate' | 'UnknownAuthority' | 'NotADevice' | 'Revoked'

/** What a certificate opens. A decision from values alone: who looked them up does not matter. */
export function admitCertificate(
  facts: CertificateFacts | undefined,
  known: KnownDevice | undefined,
  nowMs: number,
): Admission {
  if (facts === undefined)
    return refuse('NoCertificate', 'The connection has no client certificate: enrol first.')
  if (!facts.isFromAuthority)
    return refuse(
      'UnknownAuthority',
      "The certificate was not issued by this hub's authority: enrol at this hub.",
    )
  const { identity } = facts
  if (identity === undefined || !facts.isForClients)
    return refuse('NotADevice', 'The certificate is not the certificate of a device.')
  if (known === undefined)
    return refuse(
      'Revoked',
      `The device ${identity.namespace}/${identity.device} was removed: enrol again to come back.`,
    )
  if (known.publicKeyDigest !== facts.publicKeyDigest)
    return refuse(
      'Revoked',
      `The device ${identity.namespace}/${identity.device} has another key now: enrol again.`,
    )
  const isSameSite =
    known.site === identity.site && (known.siteUid ?? identity.siteUid) === identity.siteUid
  if (!isSameSite)
    return refuse(
      'Revoked',
      `The certificate is for site ${identity.site}, to which the device no longer belongs: enrol again.`,
    )
  if (nowMs < facts.notBeforeMs)
    return {
      kind: 'RenewOnly',
      identity,
      message: `The certificate begins at ${new Date(facts.notBeforeMs).toISOString()}, after the hub's clock: renew it.`,
    }
  if (nowMs >= facts.notAfterMs)
    return {
      kind: 'RenewOnly',
      identity,
      message: `The certificate expired at ${new Date(facts.notAfterMs).toISOString()}: renew it.`,
    }
  return { kind: 'Device', identity, notAfterMs: facts.notAfterMs }
}

const refuse = (reason: AdmissionRefusal, message: string): Admission => ({
  kind: 'Refused',
  reason,
  message,
})
