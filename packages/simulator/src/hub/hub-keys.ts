import { createPrivateKey } from 'node:crypto'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import { type SigningKey, signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf, trustedKeyOf } from '@skerry/artifact/key-id'
import { signTrustedKeys } from '@skerry/artifact/trusted-keys'
import type { Authority } from '@skerry/hub/trust/authority'
import type { ReadSigningRequest } from '@skerry/hub/trust/signing-request'
import { type DeviceCertificates, digestOf } from './device-certificates.ts'

/** What a hub signs with; the same in every world. */
export type HubKeys = {
  readonly signingKey: SigningKey
  readonly trustedKeys: readonly TrustedKey[]
  readonly trustedKeySet: Envelope
  sign(payloadType: string, bytes: Uint8Array): Envelope
}

/** An Ed25519 key is any 32 bytes; this is how they are wrapped (RFC 8410). */
const ed25519Prefix = '302e020100300506032b657004220420'

export function createHubKeys(): HubKeys {
  const der = Buffer.concat([Buffer.from(ed25519Prefix, 'hex'), Buffer.alloc(32, 'skerry')])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const signingKey = { privateKey, keyid: keyIdOf(privateKey) }
  const trustedKeys = [trustedKeyOf(privateKey)]
  return {
    signingKey,
    trustedKeys,
    trustedKeySet: signTrustedKeys({ version: 1, keys: trustedKeys }, signingKey),
    sign: (payloadType, bytes) => signEnvelope(payloadType, bytes, signingKey),
  }
}

/** The authority of a hub whose devices are let in by name. */
export function createHubAuthority(
  certificates: DeviceCertificates,
  clock: { readonly now: () => number },
): Authority {
  return {
    certificate: 'the authority',
    certificateDigest: digestOf(Buffer.from('the authority')),
    issueDevice: async (identity, publicKey) =>
      certificates.issue(identity, publicKey, clock.now()),
    serverCertificate: isNotSimulated,
    renewServerAtMs: isNotSimulated,
    issueAdmin: isNotSimulated,
    issueClient: isNotSimulated,
    factsOf: isNotSimulated,
  }
}

function isNotSimulated(): never {
  throw new Error('Broken assumption: a simulated hub has no TLS')
}

const requestPattern = /^simulated request of (\S+)$/

/** The request of a simulated device names its key; there is nothing to prove. */
export const signingRequestOf = (deviceName: string) => `simulated request of ${deviceName}`

export const readSimulatedRequest: ReadSigningRequest = async (text) => {
  const name = typeof text === 'string' ? requestPattern.exec(text)?.[1] : undefined
  if (name === undefined)
    return { ok: false, message: 'request: is not the request of a simulated device' }
  const publicKey = new Uint8Array(Buffer.from(`key of ${name}`))
  return { ok: true, publicKey, publicKeyDigest: digestOf(publicKey) }
}
