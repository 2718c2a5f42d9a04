import type { DeviceKey } from './state/agent-state.ts'

/**
 * Makes the key that never leaves the device, P-256, and the request that it signs once. The library
 * is loaded here and not at start, as a device needs it once in its life.
 */
export async function makeDeviceKey(name: string): Promise<DeviceKey> {
  await import('reflect-metadata')
  const { Pkcs10CertificateRequestGenerator, PemConverter } = await import('@peculiar/x509')
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm,
  })
  const privateKey = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { key: PemConverter.encode(privateKey, 'PRIVATE KEY'), request: request.toString('pem') }
}
