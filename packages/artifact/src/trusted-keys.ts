import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import { type SigningKey, signEnvelope, verifyEnvelope } from './dsse.ts'
import { keyIdOf } from './key-id.ts'
import { trustedKeysMax } from './limits.ts'

/** The payload type of the set of keys whose signatures count. */
export const trustedKeysPayloadType = 'application/vnd.skerry.trustedkeys.v1alpha1+json'

/** Whose signatures count. The whole set: a key that is left out is trusted no more. */
export type TrustedKeySet = {
  /** Grows with each set, so that an old one cannot bring a withdrawn key back. */
  readonly version: number
  readonly keys: readonly TrustedKey[]
}

export type AcceptedKeySet =
  | { readonly ok: true; readonly set: TrustedKeySet }
  | { readonly ok: false; readonly message: string }

export function signTrustedKeys(set: TrustedKeySet, key: SigningKey): Envelope {
  return signEnvelope(trustedKeysPayloadType, Buffer.from(JSON.stringify(set)), key)
}

/** The next set, if a key of the current one signed it and it is newer. */
export function acceptTrustedKeys(current: TrustedKeySet, envelope: unknown): AcceptedKeySet {
  const verified = verifyEnvelope(envelope, current.keys, trustedKeysPayloadType)
  if (!verified.ok) return verified
  const next = parseKeySet(verified.payload)
  if (next === undefined) return { ok: false, message: 'The set of trusted keys is malformed.' }
  if (next.version < current.version)
    return {
      ok: false,
      message: `The set of trusted keys has version ${next.version}, older than ${current.version}.`,
    }
  return { ok: true, set: next }
}

function parseKeySet(payload: Uint8Array): TrustedKeySet | undefined {
  try {
    const value = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<TrustedKeySet> | null
    if (value === null || !Number.isSafeInteger(value.version) || !Array.isArray(value.keys))
      return undefined
    if (value.keys.length === 0 || value.keys.length > trustedKeysMax) return undefined
    const areNamesTrue = value.keys.every(
      (key: Partial<TrustedKey> | null) =>
        typeof key?.publicKey === 'string' && keyIdOf(key.publicKey) === key.keyid,
    )
    return areNamesTrue ? { version: value.version!, keys: value.keys } : undefined
  } catch {
    return undefined
  }
}
