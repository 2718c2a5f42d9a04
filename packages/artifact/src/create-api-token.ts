import { randomBytes } from 'node:crypto'
import {
  apiTokenSecretName,
  apiTokenType,
  formatApiToken,
  systemNamespace,
} from '@skerry/api/api-token'
import { secretKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { toTimestamp } from '@skerry/base/clock'
import { secretDigest } from './secret-digest.ts'

export type NewApiToken = {
  readonly name: string
  readonly groups: readonly string[]
  /** Absent: it does not expire. */
  readonly expiresAtMs?: number
}

const encode = (text: string) => Buffer.from(text).toString('base64')

/** Makes a bearer token of the API and returns it; the hub keeps a digest, so nobody can read it again. */
export async function createApiToken(state: State, token: NewApiToken): Promise<string> {
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(20).toString('hex')
  await state.create(secretKind, {
    metadata: { name: apiTokenSecretName(id), namespace: systemNamespace },
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
  return formatApiToken(id, secret)
}
