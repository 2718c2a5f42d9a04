import { randomBytes } from 'node:crypto'
import type { Clock } from '@skerry/base/clock'
import { secretDigest } from '@skerry/artifact/secret-digest'
import type { User } from '../api-server/authorization.ts'
import { oneTimeCodeLifeMs, oneTimeCodesMax } from './limits.ts'

/** Codes in links that open the console once. They live in the memory of the hub that made them. */
export type OneTimeCodes = {
  mint(identity: User): string
  /** Whom the code lets in; the second time nobody. */
  redeem(code: string): User | undefined
}

export function createOneTimeCodes(clock: Pick<Clock, 'monotonicMs'>): OneTimeCodes {
  // Oldest first. Kept by digest, so that looking one up tells nothing by time.
  const codes = new Map<string, { readonly identity: User; readonly untilMs: number }>()
  return {
    mint(identity) {
      const code = randomBytes(24).toString('base64url')
      if (codes.size >= oneTimeCodesMax) codes.delete(codes.keys().next().value!)
      codes.set(secretDigest(code), { identity, untilMs: clock.monotonicMs() + oneTimeCodeLifeMs })
      return code
    },
    redeem(code) {
      if (code.length > 100) return undefined
      const digest = secretDigest(code)
      const found = codes.get(digest)
      codes.delete(digest)
      return found !== undefined && clock.monotonicMs() < found.untilMs ? found.identity : undefined
    },
  }
}
