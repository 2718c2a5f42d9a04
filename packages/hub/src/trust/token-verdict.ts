import type { User } from '../api-server/authorization.ts'

/** What became of a bearer token. `audiences`: for whom of those asked for it is good. */
export type TokenVerdict =
  | { readonly ok: true; readonly user: User; readonly audiences: readonly string[] }
  /** `reason` is for whoever may review tokens; it never holds a part of one. */
  | { readonly ok: false; readonly reason: string }

/** Looks at tokens of one sort; undefined when it is not of this sort. */
export type TokenSource = (
  token: string,
  audiences: readonly string[],
) => Promise<TokenVerdict | undefined>

export const refuse = (reason: string): TokenVerdict => ({ ok: false, reason })

/** What a token says of itself, before anything of it was proved; undefined if it is no JWT. */
export function unprovenClaims(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.', 4)
  if (parts.length !== 3) return undefined
  try {
    const value = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString('utf8')) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** The audiences of a token: one text or several (RFC 7519 4.1.3). */
export function audiencesOf(claim: unknown): string[] {
  const list = Array.isArray(claim) ? claim : [claim]
  return list.filter((each): each is string => typeof each === 'string')
}
