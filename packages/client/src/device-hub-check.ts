import { type X509Certificate, createHash } from 'node:crypto'
import { isIP } from 'node:net'

const serverAuthOid = '1.3.6.1.5.5.7.3.1'

export type HubCheck = {
  /** What the hub showed. */
  readonly leaf: X509Certificate
  readonly authority: X509Certificate
  readonly host: string
  readonly nowMs: number
}

/**
 * Why this is not our hub, or undefined. A device's own clock may stand at 1970, so a certificate that
 * has not begun is no reason; one that expired is. A clock behind the end of the authority itself, decades
 * ahead, is no clock either: of an empty battery some firmware makes 2070 (EDK II does).
 */
export function hubProblem({ leaf, authority, host, nowMs }: HubCheck): string | undefined {
  if (leaf.ca || !leaf.checkIssued(authority) || !leaf.verify(authority.publicKey))
    return 'its certificate was not issued by the authority that this device was given'
  if ((leaf.keyUsage as readonly string[] | undefined)?.includes(serverAuthOid) !== true)
    return 'its certificate is not one for servers'
  const isNamed = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)
  if (isNamed === undefined) return `its certificate is not for ${host}`
  const isClock = nowMs < authority.validToDate.getTime()
  if (isClock && nowMs >= leaf.validToDate.getTime())
    return `its certificate expired at ${leaf.validToDate.toISOString()} by this device's clock: check the clocks of both`
  return undefined
}

/** The certificate of the chain whose SHA-256 (DER) is `digest`, hexadecimal. */
export function pinnedCertificate(
  chain: readonly X509Certificate[],
  digest: string,
): X509Certificate | undefined {
  return chain.find((certificate) => certificateDigest(certificate) === digest)
}

/** SHA-256 of a certificate (DER), hexadecimal: how a join token names the hub's authority. */
export function certificateDigest({ raw }: X509Certificate): string {
  return createHash('sha256').update(raw).digest('hex')
}
