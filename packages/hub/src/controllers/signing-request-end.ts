import type { CertificateSigningRequest } from '@skerry/api/kinds/certificate-signing-request'
import { signingRequestDecidedKeptMs, signingRequestPendingKeptMs } from './limits.ts'

/**
 * When a signing request is over and may be forgotten: an hour after it was decided, a day after it was
 * made if nobody decides, or when its certificate has ended. As Kubernetes has it.
 */
export function signingRequestEndMs(
  { metadata, status }: Pick<CertificateSigningRequest, 'metadata' | 'status'>,
  certificateEndsMs: number | undefined,
): number {
  const createdMs = Date.parse(metadata.creationTimestamp)
  const decided = (status.conditions ?? []).map(({ lastUpdateTime }) =>
    typeof lastUpdateTime === 'string' ? Date.parse(lastUpdateTime) : createdMs,
  )
  const lastMs =
    decided.length === 0
      ? createdMs + signingRequestPendingKeptMs
      : Math.min(...decided) + signingRequestDecidedKeptMs
  return Math.min(lastMs, certificateEndsMs ?? Number.POSITIVE_INFINITY)
}
