import { type KeyObject, createPublicKey, sign, verify } from 'node:crypto'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import { keyIdOf } from './key-id.ts'
import { envelopePayloadBytesMax, envelopeSignaturesMax } from './limits.ts'

export type SigningKey = { readonly privateKey: KeyObject; readonly keyid: string }

export type VerifiedEnvelope =
  | { readonly ok: true; readonly payload: Uint8Array; readonly keyid: string }
  | { readonly ok: false; readonly reason: EnvelopeRefusal; readonly message: string }

export type EnvelopeRefusal = 'Malformed' | 'WrongType' | 'UnknownKey' | 'WrongSignature'

/** Pre-authentication encoding of DSSE 1.0: what is signed names its type and both lengths. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const typeBytes = Buffer.byteLength(payloadType)
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${typeBytes} ${payloadType} ${payload.length} `),
    payload,
  ])
}

/** Signs the exact bytes with Ed25519. */
export function signEnvelope(payloadType: string, payload: Uint8Array, key: SigningKey): Envelope {
  const signature = sign(null, preAuthenticationEncoding(payloadType, payload), key.privateKey)
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: key.keyid, sig: signature.toString('base64') }],
  }
}

/** The payload if one of the trusted keys signed it as this type. Takes anything, throws nothing. */
export function verifyEnvelope(
  envelope: unknown,
  trustedKeys: readonly TrustedKey[],
  payloadType: string,
): VerifiedEnvelope {
  const parsed = parseEnvelope(envelope)
  if (parsed === undefined)
    return refuse('Malformed', 'The document is not a DSSE envelope: fetch it again.')
  if (parsed.payloadType !== payloadType)
    return refuse(
      'WrongType',
      `The envelope holds ${JSON.stringify(parsed.payloadType)} where ${payloadType} is expected.`,
    )
  const message = preAuthenticationEncoding(payloadType, parsed.payload)
  let isKeyKnown = false
  for (const { keyid, sig } of parsed.signatures) {
    const publicKey = publicKeyOf(trustedKeys.find((key) => key.keyid === keyid))
    if (publicKey === undefined) continue
    isKeyKnown = true
    if (verify(null, message, publicKey, Buffer.from(sig, 'base64')))
      return { ok: true, payload: parsed.payload, keyid }
  }
  return isKeyKnown
    ? refuse('WrongSignature', 'The signature does not match the document: it was changed.')
    : refuse(
        'UnknownKey',
        `Signed by ${parsed.signatures.map(({ keyid }) => keyid.slice(0, 12)).join(', ') || 'nobody'}, which is not a trusted key here.`,
      )
}

const refuse = (reason: EnvelopeRefusal, message: string) =>
  ({ ok: false, reason, message }) as const

/** The key only if it is what its name says: a name alone proves nothing. */
function publicKeyOf(trusted: TrustedKey | undefined): KeyObject | undefined {
  if (trusted === undefined) return undefined
  try {
    const key = createPublicKey(trusted.publicKey)
    return key.asymmetricKeyType === 'ed25519' && keyIdOf(key) === trusted.keyid ? key : undefined
  } catch {
    return undefined
  }
}

type ParsedEnvelope = Omit<Envelope, 'payload'> & { readonly payload: Uint8Array }

/** An envelope whose signatures nobody has looked at yet, or undefined. */
export function parseEnvelope(value: unknown): ParsedEnvelope | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { payloadType, payload, signatures } = value as Partial<Record<keyof Envelope, unknown>>
  if (typeof payloadType !== 'string' || typeof payload !== 'string') return undefined
  if (payload.length > (envelopePayloadBytesMax * 4) / 3 + 4) return undefined
  if (!Array.isArray(signatures) || signatures.length > envelopeSignaturesMax) return undefined
  if (!signatures.every(isSignature)) return undefined
  return { payloadType, payload: Buffer.from(payload, 'base64'), signatures }
}

function isSignature(value: unknown): value is Envelope['signatures'][number] {
  if (typeof value !== 'object' || value === null) return false
  const { keyid, sig } = value as Record<string, unknown>
  return typeof keyid === 'string' && typeof sig === 'string' && sig.length <= 200
}
