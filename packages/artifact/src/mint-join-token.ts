import { randomBytes } from 'node:crypto'
import { formatJoinToken } from '@skerry/api/join-token'
import { secretDigest } from './secret-digest.ts'

/** 160 bits: nobody guesses it. */
const secretBytes = 20

export type MintedJoinToken = {
  /** `NAME.SECRET.AUTHORITYDIGEST`, shown once. */
  readonly token: string
  /** What JoinToken.spec.tokenDigest keeps. */
  readonly tokenDigest: string
}

/** A new token of the JoinToken `name`, with which a device can check its hub, too. */
export function mintJoinToken(name: string, authorityDigest: string): MintedJoinToken {
  const secret = randomBytes(secretBytes).toString('hex')
  return {
    token: formatJoinToken({ name, secret, authorityDigest }),
    tokenDigest: secretDigest(secret),
  }
}
