import { isRawNumber } from '@skerry/base/json'
import { defineKind } from '../kind.ts'
import type { Problem } from '../problem.ts'
import { boolean, integer, list, map, object, optional, string, withDefault } from '../schema.ts'

const texts = (description: string) => list(string('Text.'), description)

const authentication = {
  group: 'authentication.k8s.io',
  version: 'v1',
  categories: [],
  hasStatus: false,
  isBuiltIn: true,
  scope: 'Cluster',
  verbs: ['create'],
} as const

const userInfo = object(
  {
    username: optional(string('Name.')),
    uid: optional(string('UID.')),
    groups: optional(texts('Groups.')),
    extra: optional(map(texts('Values.'), 'Anything else that was told of the user.')),
  },
  'A user.',
)

export const tokenReviewKind = defineKind({
  ...authentication,
  kind: 'TokenReview',
  plural: 'tokenreviews',
  description: 'Asks whose a bearer token is.',
  schema: object(
    {
      spec: withDefault(
        object(
          {
            token: optional(string('The token.')),
            audiences: optional(texts('Whom the token must be for; absent: this API.')),
          },
          'The question.',
        ),
        {},
      ),
      status: optional(
        object(
          {
            authenticated: optional(boolean('Whether it is good.')),
            user: optional(userInfo),
            audiences: optional(texts('Whom of those asked for the token is for.')),
            error: optional(string('Why it is not good.')),
          },
          'The answer.',
        ),
      ),
    },
    'A review of a token.',
  ),
})

export const selfSubjectReviewKind = defineKind({
  ...authentication,
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  description: 'Tells who asks.',
  schema: object(
    { status: optional(object({ userInfo: optional(userInfo) }, 'The answer.')) },
    'A review of whoever asks.',
  ),
})

const expirationSeconds = { default: 3600, min: 600, max: 2 ** 32 }

/** The body of `serviceaccounts/NAME/token`; it has no path of its own. */
export const tokenRequestKind = defineKind({
  ...authentication,
  scope: 'Namespaced',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  description: 'Asks for a token of a service account.',
  schema: object(
    {
      spec: withDefault(
        object(
          {
            audiences: optional(texts('Whom the token is for; absent: this API.')),
            expirationSeconds: withDefault(
              integer('For how long.', { nullable: true }),
              expirationSeconds.default,
            ),
            boundObjectRef: optional({
              ...object(
                {
                  kind: optional(string('Kind.')),
                  apiVersion: optional(string('API version.')),
                  name: optional(string('Name.')),
                  uid: optional(string('UID.')),
                },
                'An object with which the token ends.',
              ),
              nullable: true,
            }),
          },
          'The question.',
        ),
        { expirationSeconds: expirationSeconds.default },
      ),
    },
    'A request for a token.',
  ),
  validate: ({ spec }) => expirationProblems(spec.expirationSeconds),
})

function expirationProblems(given: number): Problem[] {
  // Past 2^53 it comes as the digits that were sent.
  const value = isRawNumber(given) ? Number(given.rawJSON) : given
  const refuse = (message: string): Problem[] => [
    { path: 'spec.expirationSeconds', type: 'Invalid', value: given, message },
  ]
  if (value < expirationSeconds.min)
    return refuse('may not specify a duration less than 10 minutes')
  if (value > expirationSeconds.max)
    return refuse('may not specify a duration larger than 2^32 seconds')
  return []
}
