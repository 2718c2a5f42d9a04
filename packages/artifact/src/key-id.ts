import { type KeyObject, createHash, createPublicKey } from 'node:crypto'
import type { TrustedKey } from '@skerry/api/envelope'

/** How a key is called: SHA-256 of its SubjectPublicKeyInfo (DER), in hexadecimal. */
export function keyIdOf(key: KeyObject | string): string {
  const publicKey = typeof key !== 'string' && key.type === 'public' ? key : createPublicKey(key)
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** The public half of a key, as it travels. */
export function trustedKeyOf(key: KeyObject | string): TrustedKey {
  const publicKey = typeof key !== 'string' && key.type === 'public' ? key : createPublicKey(key)
  return {
    keyid: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
