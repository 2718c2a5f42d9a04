import type { Clock } from '@skerry/base/clock'
import type { State } from '@skerry/api/state'
import type { Authorize } from '../api-server/authorization.ts'
import type { Extensions } from '../api-server/extension.ts'
import type { Authentication } from '../trust/open-authentication.ts'
import { createSigningRequestExtension } from './certificate-signing-requests.ts'
import { createSelfSubjectReview } from './self-subject-review.ts'
import { createTokenRequestHandler } from './token-request.ts'
import { createTokenReviewHandler } from './token-review.ts'

/** What the kinds about identities do beyond the generic verbs. */
export function identityExtensions(
  { store, clock }: { readonly store: { readonly state: State }; readonly clock: Clock },
  {
    authentication,
    authorize,
  }: {
    readonly authentication: Pick<Authentication, 'tokens' | 'ownAudiences' | 'reviewToken'>
    readonly authorize: Authorize
  },
): Extensions {
  return {
    serviceaccounts: {
      subresources: {
        token: createTokenRequestHandler({ ...authentication, state: store.state, clock }),
      },
    },
    'tokenreviews.authentication.k8s.io': {
      virtual: createTokenReviewHandler(authentication.reviewToken),
    },
    'selfsubjectreviews.authentication.k8s.io': { virtual: createSelfSubjectReview(clock) },
    'certificatesigningrequests.certificates.k8s.io': createSigningRequestExtension({
      authorize,
      clock,
    }),
  }
}
