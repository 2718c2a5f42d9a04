import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto'

/** A new key of a device (ECDSA P-256), PEM, PKCS #8. It never leaves the device. */
export function createDeviceKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * A certificate signing request (RFC 2986) for a device's key, PEM. The hub takes nothing but the key
 * from it, so these few bytes are written here and a device carries no certificate library.
 */
export function createSigningRequest(privateKeyPem: string, commonName: string): string {
  const privateKey = createPrivateKey(privateKeyPem)
  const info = requestInfo(privateKey, commonName)
  const signature = sign('sha256', info, privateKey)
  const der = sequence(info, sequence(ecdsaWithSha256), element(0x03, Buffer.of(0), signature))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`
}

function requestInfo(privateKey: KeyObject, commonName: string): Buffer {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const name = element(0x0c, Buffer.from(commonName))
  const subject = sequence(element(0x31, sequence(commonNameOid, name)))
  const version = Buffer.of(0x02, 0x01, 0x00)
  const attributes = element(0xa0)
  return sequence(version, subject, publicKey, attributes)
}

const commonNameOid = Buffer.of(0x06, 3, 0x55, 0x04, 0x03)
const ecdsaWithSha256 = Buffer.of(0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2)

const sequence = (...parts: readonly Buffer[]) => element(0x30, ...parts)

/** One DER element: tag, length, content. */
function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag), derLength(content.length), content])
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  if (length < 0x100) return Buffer.of(0x81, length)
  return Buffer.of(0x82, length >> 8, length & 0xff)
}
