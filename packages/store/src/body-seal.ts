import { KeptText } from './kept-text.ts'

/** Encrypts what must not be read from the database or a backup of it. */
export type Sealer = {
  seal(plain: string): string
  open(sealed: string): string
}

/** Turns bodies into what the tables hold, and back. */
export type BodyCodec = {
  encode(resource: string, text: string): string
  decode(stored: string): KeptText
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
      if (!stored.startsWith(sealedPrefix)) return new KeptText(stored)
      if (sealer === undefined)
        throw new Error(
          'Secrets are sealed and the hub has no key: give it the one they were sealed by.',
        )
      return new KeptText(sealer.open(stored.slice(sealedPrefix.length)))
    },
  }
}
