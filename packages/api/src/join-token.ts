/** A join token as a person carries it: `NAME.SECRET.AUTHORITYDIGEST`. */
export type JoinTokenText = {
  /** The JoinToken object. */
  readonly name: string
  readonly secret: string
  /** SHA-256 of the hub's authority certificate (DER), hexadecimal: how a device knows its hub. */
  readonly authorityDigest: string
}

export type ParsedJoinToken =
  | { readonly ok: true; readonly token: JoinTokenText }
  | { readonly ok: false; readonly message: string }

const secretPattern = /^[A-Za-z0-9_-]{16,128}$/
const digestPattern = /^[0-9a-f]{64}$/
const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const tokenCharactersMax = 253 + 1 + 128 + 1 + 64

/** Read from its end, as a name may have dots. */
export function parseJoinToken(text: string): ParsedJoinToken {
  const parts = text
    .trim()
    .slice(0, tokenCharactersMax + 1)
    .split('.')
  const authorityDigest = parts.at(-1) ?? ''
  const secret = parts.at(-2) ?? ''
  const name = parts.slice(0, -2).join('.')
  if (!digestPattern.test(authorityDigest) || !secretPattern.test(secret) || !isTokenName(name))
    return {
      ok: false,
      message:
        'A join token is NAME.SECRET.DIGEST as `skerry token create` prints it: copy it whole.',
    }
  return { ok: true, token: { name, secret, authorityDigest } }
}

export function formatJoinToken(token: JoinTokenText): string {
  return `${token.name}.${token.secret}.${token.authorityDigest}`
}

/** `NAME.SECRET`, what a device sends to its hub: the digest was for the device alone. */
export function joinTokenCredential(token: JoinTokenText): string {
  return `${token.name}.${token.secret}`
}

/** The parts of `NAME.SECRET`, or undefined. */
export function parseJoinCredential(
  text: string,
): { readonly name: string; readonly secret: string } | undefined {
  if (text.length > tokenCharactersMax) return undefined
  const dot = text.lastIndexOf('.')
  const name = text.slice(0, Math.max(0, dot))
  const secret = text.slice(dot + 1)
  return isTokenName(name) && secretPattern.test(secret) ? { name, secret } : undefined
}

const isTokenName = (name: string) => name.length <= 253 && namePattern.test(name)
