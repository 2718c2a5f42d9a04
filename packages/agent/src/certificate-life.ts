import { X509Certificate } from 'node:crypto'
import { renewAtLifeShare } from './limits.ts'

export type CertificateLife = { readonly notBeforeMs: number; readonly notAfterMs: number }

/** From when to when a certificate is good, or undefined if it cannot be read. */
export function certificateLife(pem: string): CertificateLife | undefined {
  try {
    const certificate = new X509Certificate(pem)
    return {
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    }
  } catch {
    return undefined
  }
}

/** A certificate that cannot be read is due: the hub gives a new one for the same key. */
export function isRenewalDue(life: CertificateLife | undefined, nowMs: number): boolean {
  if (life === undefined) return true
  return nowMs >= life.notBeforeMs + (life.notAfterMs - life.notBeforeMs) * renewAtLifeShare
}
