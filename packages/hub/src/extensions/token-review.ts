import { isPlainObject } from '@skerry/base/json'
import { tokenReviewKind } from '@skerry/api/kinds/authentication'
import { validateSchema } from '@skerry/api/schema-validate'
import { badRequest, invalid } from '@skerry/api/status'
import type { VirtualHandler } from '../api-server/extension.ts'
import type { ReviewToken } from '../trust/token-authenticator.ts'
import { userInfoOf } from './self-subject-review.ts'

/** Tells services whose a token is that was shown to them. */
export function createTokenReviewHandler(review: ReviewToken): VirtualHandler {
  return {
    create: async ({ kind, object }) => {
      const { spec } = object
      const problems = validateSchema(tokenReviewKind.schema, { spec }, '')
      if (problems.length > 0) throw invalid(kind, '', problems)
      const { token, audiences = [] } = (isPlainObject(spec) ? spec : {}) as {
        token?: string
        audiences?: string[]
      }
      if (token === undefined || token === '')
        throw badRequest('token is required for TokenReview in authentication')
      const verdict = await (audiences.length === 0 ? review(token) : review(token, audiences))
      const { status: _, ...asked } = object
      return { ...asked, status: verdict.ok ? goodStatus(verdict) : badStatus(verdict.reason) }
    },
  }
}

function goodStatus(verdict: Extract<Awaited<ReturnType<ReviewToken>>, { ok: true }>): object {
  const { user, audiences } = verdict
  return { authenticated: true, user: userInfoOf(user), audiences }
}

function badStatus(reason: string): object {
  const error = reason === '' ? 'invalid bearer token' : `[invalid bearer token, ${reason}]`
  return { user: {}, error }
}
