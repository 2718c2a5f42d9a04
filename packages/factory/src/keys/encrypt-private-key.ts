import { type KeyObject, createCipheriv, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { integer, octets, oid, sequence } from './der.ts'
import { scryptBlockSize, scryptCost } from './limits.ts'

const deriveKey = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(
  scrypt,
)

/**
 * PKCS #8, encrypted with AES-256 and a key that scrypt makes of the passphrase (RFC 7914). Node.js and
 * OpenSSL open it; what they write by themselves, PBKDF2 with 2048 rounds, is guessed too quickly.
 */
export async function encryptPrivateKey(key: KeyObject, passphrase: string): Promise<string> {
  const salt = randomBytes(16)
  const iv = randomBytes(16)
  const derived = await deriveKey(passphrase, salt, 32, { N: scryptCost, r: scryptBlockSize, p: 1 })
  const cipher = createCipheriv('aes-256-cbc', derived, iv)
  const plain = key.export({ type: 'pkcs8', format: 'der' })
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()])
  plain.fill(0)
  const scheme = sequence(
    oid('1.2.840.113549.1.5.13'),
    sequence(
      sequence(
        oid('1.3.6.1.4.1.11591.4.11'),
        sequence(octets(salt), integer(scryptCost), integer(scryptBlockSize), integer(1)),
      ),
      sequence(oid('2.16.840.1.101.3.4.1.42'), octets(iv)),
    ),
  )
  return pem('ENCRYPTED PRIVATE KEY', sequence(scheme, octets(encrypted)))
}

export function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
