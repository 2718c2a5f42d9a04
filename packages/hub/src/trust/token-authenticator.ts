import type { User } from '../api-server/authorization.ts'
import { tokenCharactersMax } from './limits.ts'
import { type TokenSource, type TokenVerdict, refuse } from './token-verdict.ts'
import { withAuthenticated } from './user.ts'

/** Whose a bearer token is, for whomever it is to be good; absent: for this API. */
export type ReviewToken = (token: string, audiences?: readonly string[]) => Promise<TokenVerdict>

/** Asks every sort of token in turn; the first that knows it decides. */
export function createTokenReview(options: {
  readonly sources: readonly TokenSource[]
  /** What a token that is for this API may call it. */
  readonly ownAudiences: () => readonly string[]
}): ReviewToken {
  const { sources, ownAudiences } = options
  return async (token, audiences = ownAudiences()) => {
    if (token.length > tokenCharactersMax) return refuse('')
    for (const source of sources) {
      const verdict = await source(token, audiences)
      if (verdict?.ok) return { ...verdict, user: withAuthenticated(verdict.user) }
      if (verdict !== undefined) return verdict
    }
    return refuse('')
  }
}

/** Tokens that name no audience are for this API. */
export function audienceless(
  ownAudiences: () => readonly string[],
  find: (token: string) => Promise<User | undefined>,
): TokenSource {
  return async (token, audiences) => {
    const user = await find(token)
    if (user === undefined) return undefined
    const own = ownAudiences()
    const shared = audiences.filter((each) => own.includes(each))
    return shared.length === 0
      ? refuse('the token is for this API only')
      : { ok: true, user, audiences: shared }
  }
}
