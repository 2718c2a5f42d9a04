import { createHash } from 'node:crypto'
import type { DeviceIdentity } from '@skerry/api/device-protocol'
import type { IssuedCertificate } from '@skerry/hub/trust/authority'
import type { CertificateFacts } from '@skerry/hub/trust/certificate-facts'
import { backdateMs, deviceCertificateLifeMs } from '@skerry/hub/trust/limits'
import { certificatesPerDeviceMax } from '../limits.ts'

/** A real certificate of nobody, from 2026 to 2028: whoever only reads its dates takes it for one. */
const template = Buffer.from(
  `MIIBGzCBwaADAgECAgEBMAoGCCqGSM49BAMCMBUxEzARBgNVBAMTCm9uZS1kZXZp
Y2UwHhcNMjYwMTAxMDAwMDAwWhcNMjgwMTAxMDAwMDAwWjAVMRMwEQYDVQQDEwpv
bmUtZGV2aWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVBsffK6hZkkjpH2x
E8p9QG8bJWHmwX4eH+/RUs990fl8V7eQhuu+n6JnnOifrvmZDWpCvkbN5jQmEzjZ
/JwSCaMCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAI2tjN3jeFuobmLeRP1693Pp8Bni
httP96I2CcaEnlxLAiEA1JCy4vKhGwLGR9kQZIpxoUsWGAa2qgF3amg3yiVbu9E=`,
  'base64',
)
const notBeforeAt = template.indexOf('260101000000Z')
const notAfterAt = template.indexOf('280101000000Z')

/** What a hub's authority issued, and what is in it. It outlives the hub, as keys on disk do. */
export type DeviceCertificates = {
  issue(identity: DeviceIdentity, publicKey: Uint8Array, nowMs: number): IssuedCertificate
  factsOf(certificate: string): CertificateFacts | undefined
}

/** Certificates whose dates are true and whose rest is remembered instead of being signed. */
export function createDeviceCertificates(): DeviceCertificates {
  const known = new Map<string, CertificateFacts>()
  const ofDevice = new Map<string, string[]>()
  let issued = 0
  return {
    issue(identity, publicKey, nowMs) {
      issued += 1
      const serialNumber = issued.toString(16).padStart(16, '0')
      const notBeforeMs = wholeSeconds(nowMs - backdateMs)
      const notAfterMs = wholeSeconds(nowMs + deviceCertificateLifeMs)
      const certificate = pemOf(serialNumber, notBeforeMs, notAfterMs)
      known.set(certificate, {
        isFromAuthority: true,
        isForClients: true,
        notBeforeMs,
        notAfterMs,
        serialNumber,
        publicKeyDigest: digestOf(publicKey),
        fingerprint: digestOf(Buffer.from(certificate)),
        commonName: `${identity.namespace}:${identity.device}`,
        organizations: ['skerry:devices'],
        identity,
      })
      const all = [...(ofDevice.get(identity.siteUid) ?? []), certificate]
      for (const old of all.splice(0, all.length - certificatesPerDeviceMax)) known.delete(old)
      ofDevice.set(identity.siteUid, all)
      return { certificate, serialNumber, notAfterMs }
    },
    factsOf: (certificate) => known.get(certificate),
  }
}

/** What stands before the first line of PEM is no part of it. */
function pemOf(serialNumber: string, notBeforeMs: number, notAfterMs: number): string {
  const der = Buffer.from(template)
  der.write(utcTime(notBeforeMs), notBeforeAt, 'latin1')
  der.write(utcTime(notAfterMs), notAfterAt, 'latin1')
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [
    `serial ${serialNumber}`,
    '-----BEGIN CERTIFICATE-----',
    ...lines,
    '-----END CERTIFICATE-----',
    '',
  ].join('\n')
}

/** As X.509 writes a time before 2050. */
function utcTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`
}

export const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const wholeSeconds = (epochMs: number) => Math.floor(epochMs / 1000) * 1000
