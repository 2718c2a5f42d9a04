import { parseJson } from '@skerry/base/json'
import type { StoredObject } from '@skerry/api/object'

/** Encrypts what must not be read from the database or a backup of it. */
export type Sealer = {
  seal(plain: string): string
  open(sealed: string): string
}

/** Turns bodies into what the tables hold, and back. */
export type BodyCodec = {
  encode(resource: string, text: string): string
  decode(stored: string): StoredObject
}

/** No JSON text begins so. */
const sealedPrefix = 'sealed:'
const sealedResource = 'secrets'

export function createBodyCodec(sealer: Sealer | undefined): BodyCodec {
  return {
    encode: (resource, text) =>
      resource === sealedResource && sealer !== undefined
        ? `${sealedPrefix}${sealer.seal(text)}`
        : text,
    decode: (stored) => {
      if (!stored.startsWith(sealedPrefix)) return parseJson(stored) as StoredObject
      if (sealer === undefined)
        throw new Error(
          'Secrets are sealed and the hub has no key: give it the one they were sealed by.',
        )
      return parseJson(sealer.open(stored.slice(sealedPrefix.length))) as StoredObject
    },
  }
}
