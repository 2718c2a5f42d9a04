import { X509Certificate } from 'node:crypto'
import { equalJson } from '@skerry/base/json'
import type { CertificateSigningRequest } from '@skerry/api/kinds/certificate-signing-request'
import type { Problem } from '@skerry/api/problem'

type Status = CertificateSigningRequest['status']

const path = 'status.conditions'
const forbidden = (message: string, at = path): Problem => ({
  path: at,
  type: 'Forbidden',
  message,
})
const ofType = (status: Status, wanted: string) =>
  (status.conditions ?? []).filter(({ type }) => type === wanted)

/** What was decided stays decided. In Kubernetes' words. */
export function approvalProblems(after: Status, before: Status): Problem[] {
  return ['Approved', 'Denied', 'Failed']
    .filter((type) => ofType(after, type).length < ofType(before, type).length)
    .map((type) => forbidden(`updates may not remove a condition of type "${type}"`))
}

/** Who signs decides nothing, and signs once. */
export function statusProblems(after: Status, before: Status): Problem[] {
  return [
    ...pemProblems(after.certificate),
    ...approvalProblems(after, before),
    ...['Approved', 'Denied'].flatMap((type): Problem[] => {
      const [now, then] = [ofType(after, type), ofType(before, type)]
      if (now.length > then.length)
        return [forbidden(`updates may not add a condition of type "${type}"`)]
      return now.length === then.length && !equalJson(now, then)
        ? [forbidden(`updates may not modify a condition of type "${type}"`)]
        : []
    }),
    ...(before.certificate !== undefined && after.certificate !== before.certificate
      ? [forbidden('updates may not modify existing certificate content', 'status.certificate')]
      : []),
  ]
}

function pemProblems(certificate: string | undefined): Problem[] {
  if (certificate === undefined || certificate === '') return []
  const refuse = (message: string): Problem[] => [
    { path: 'status.certificate', type: 'Invalid', value: '<certificate data>', message },
  ]
  const text = Buffer.from(certificate, 'base64').toString('latin1')
  const blocks = text.match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? []
  if (blocks.length === 0) return refuse('must contain at least one CERTIFICATE PEM block')
  for (const block of blocks) {
    const type = /^-----BEGIN ([^-]+)-----/.exec(block)?.[1] ?? ''
    if (type !== 'CERTIFICATE')
      return refuse(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`)
    if (!isCertificate(block)) return refuse('a CERTIFICATE PEM block is not a certificate')
  }
  return []
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
