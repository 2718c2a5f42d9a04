import { type ObjectOf, defineKind } from '../kind.ts'
import { type Infer, boolean, list, map, object, optional, string, withDefault } from '../schema.ts'

const strings = (description: string) => list(string('One of them.'), description)

const requirements = (of: string) =>
  optional(
    list(
      object(
        {
          key: string('Name.'),
          operator: string('How it is compared.'),
          values: optional(strings('With what.')),
        },
        'A condition.',
      ),
      `Conditions of the ${of} selector.`,
    ),
  )

const selector = (of: string) =>
  optional(
    object(
      { rawSelector: optional(string('As text.')), requirements: requirements(of) },
      `The ${of} selector of the request. It decides nothing here.`,
    ),
  )

const resourceAttributes = object(
  {
    namespace: optional(string('Where; empty: in all namespaces, or in none.')),
    verb: optional(string('What is to be done.')),
    group: optional(string('API group.')),
    version: optional(string('API version.')),
    resource: optional(string('Resource, such as sites.')),
    subresource: optional(string('Part of it, such as status.')),
    name: optional(string('Name of the object; empty: any.')),
    fieldSelector: selector('field'),
    labelSelector: selector('label'),
  },
  'Something to be done to a resource.',
)
export type ResourceAttributes = Infer<typeof resourceAttributes>

const nonResourceAttributes = object(
  { path: optional(string('The path.')), verb: optional(string('The method, in small letters.')) },
  'Something to be asked of a path that is no resource.',
)

const what = {
  resourceAttributes: optional(resourceAttributes),
  nonResourceAttributes: optional(nonResourceAttributes),
}

const who = {
  user: optional(string('Name of the user.')),
  groups: optional(strings('Groups of the user.')),
  uid: optional(string('UID of the user.')),
  extra: optional(map(strings('Values.'), 'What else is known of the user.')),
}

const accessStatus = optional(
  object(
    {
      allowed: boolean('Whether it may be done.'),
      denied: optional(boolean('Whether it is forbidden, whatever else may allow it.')),
      reason: optional(string('Why.')),
      evaluationError: optional(string('What went wrong when it was decided.')),
    },
    'The answer.',
  ),
)

const review = {
  group: 'authorization.k8s.io',
  version: 'v1',
  categories: [],
  hasStatus: false,
  isBuiltIn: true,
  scope: 'Cluster',
  verbs: ['create'],
} as const

const subjectSpec = withDefault(object({ ...what, ...who }, 'The question.'), {})
export type SubjectAccessSpec = Infer<typeof subjectSpec>

export const subjectAccessReviewKind = defineKind({
  ...review,
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  description: 'Asks whether somebody may do something.',
  schema: object({ spec: subjectSpec, status: accessStatus }, 'A question and its answer.'),
})
export type SubjectAccessReview = ObjectOf<typeof subjectAccessReviewKind>

export const localSubjectAccessReviewKind = defineKind({
  ...review,
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  scope: 'Namespaced',
  description: 'Asks whether somebody may do something in this namespace.',
  schema: object({ spec: subjectSpec, status: accessStatus }, 'A question and its answer.'),
})

export const selfSubjectAccessReviewKind = defineKind({
  ...review,
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  description: 'Asks whether the one who asks may do something.',
  schema: object(
    { spec: withDefault(object(what, 'The question.'), {}), status: accessStatus },
    'A question and its answer.',
  ),
})

const rule = {
  verbs: strings('What may be done.'),
}

export const selfSubjectRulesReviewKind = defineKind({
  ...review,
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  description: 'Asks for all that the one who asks may do in a namespace.',
  schema: object(
    {
      spec: withDefault(
        object({ namespace: optional(string('The namespace.')) }, 'The question.'),
        {},
      ),
      status: optional(
        object(
          {
            resourceRules: list(
              object(
                {
                  ...rule,
                  apiGroups: optional(strings('API groups.')),
                  resources: optional(strings('Resources.')),
                  resourceNames: optional(strings('Names of objects.')),
                },
                'A rule about resources.',
              ),
              'Rules about resources.',
            ),
            nonResourceRules: list(
              object({ ...rule, nonResourceURLs: optional(strings('Paths.')) }, 'About paths.'),
              'Rules about paths.',
            ),
            incomplete: boolean('Whether there may be more.'),
            evaluationError: optional(string('What went wrong when it was decided.')),
          },
          'The answer.',
        ),
      ),
    },
    'A question and its answer.',
  ),
})
