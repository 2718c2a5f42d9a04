import { apiTokenType, parseApiToken, systemNamespace } from '@skerry/api/api-token'
import { secretKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { isSecret } from '@skerry/artifact/secret-digest'
import type { User } from '../api-server/authorization.ts'
import { bearerCharactersMax } from './limits.ts'

const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString('utf8')

/** Whose token it is, if it is one that is there and not expired. */
export async function authenticateBearer(
  state: State,
  token: string,
  nowMs: number,
): Promise<User | undefined> {
  const parts = token.length > bearerCharactersMax ? undefined : parseApiToken(token)
  if (parts === undefined) return undefined
  const key = { namespace: systemNamespace, name: parts.secretName }
  const stored = await state.get(secretKind, key)
  if (stored?.type !== apiTokenType) return undefined
  const { digest, user, groups, expiration } = stored.data ?? {}
  if (!isSecret(parts.secret, decode(digest))) return undefined
  if (expiration !== undefined && !(nowMs < Date.parse(decode(expiration)))) return undefined
  return { name: decode(user), groups: parseGroups(decode(groups)) }
}

function parseGroups(text: string): string[] {
  try {
    const value = JSON.parse(text) as unknown
    return Array.isArray(value) ? value.filter((group) => typeof group === 'string') : []
  } catch {
    return []
  }
}
