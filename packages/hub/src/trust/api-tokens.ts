import { randomBytes } from 'node:crypto'
import { toTimestamp } from '@skerry/base/clock'
import { secretKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { isSecret, secretDigest } from '@skerry/artifact/secret-digest'
import { systemNamespace } from '../system-namespace.ts'
import type { Identity } from './identity.ts'
import { bearerCharactersMax } from './limits.ts'

/** Bearer tokens of the API are Secrets of this type, in this namespace; they hold only a digest. */
export const apiTokenType = 'skerry.dev/api-token'

export type NewApiToken = Identity & {
  /** Absent: it does not expire. */
  readonly expiresAtMs?: number
}

const tokenPattern = /^skt_(?<id>[0-9a-f]{16})_(?<secret>[0-9a-f]{40})$/
const encode = (text: string) => Buffer.from(text).toString('base64')
const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString('utf8')

/** Makes a token and returns it; nobody can read it again. */
export async function createApiToken(state: State, token: NewApiToken): Promise<string> {
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(20).toString('hex')
  await state.create(secretKind, {
    metadata: { name: `api-token-${id}`, namespace: systemNamespace },
    type: apiTokenType,
    immutable: true,
    data: {
      digest: encode(secretDigest(secret)),
      user: encode(token.name),
      groups: encode(JSON.stringify(token.groups)),
      ...(token.expiresAtMs === undefined
        ? {}
        : { expiration: encode(toTimestamp(token.expiresAtMs)) }),
    },
  })
  return `skt_${id}_${secret}`
}

/** Whose token it is, if it is one that is there and not expired. */
export async function authenticateBearer(
  state: State,
  token: string,
  nowMs: number,
): Promise<Identity | undefined> {
  const parts = token.length > bearerCharactersMax ? undefined : tokenPattern.exec(token)?.groups
  if (parts === undefined) return undefined
  const key = { namespace: systemNamespace, name: `api-token-${parts['id']!}` }
  const stored = await state.get(secretKind, key)
  if (stored?.type !== apiTokenType) return undefined
  const { digest, user, groups, expiration } = stored.data ?? {}
  if (!isSecret(parts['secret']!, decode(digest))) return undefined
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
