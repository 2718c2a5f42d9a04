import { type ObjectOf, defineKind } from '../kind.ts'
import { conditionsSchema } from '../object.ts'
import type { Problem } from '../problem.ts'
import {
  type Infer,
  integer,
  list,
  map,
  object,
  oneOf,
  optional,
  string,
  withDefault,
} from '../schema.ts'
import { type RolloutPolicy, rolloutPolicySchema } from './rollout-policy.ts'

export const labelSelectorSchema = object(
  {
    matchLabels: optional(map(string('Value.'), 'Labels that must be equal.')),
    matchExpressions: optional(
      list(
        object(
          {
            key: string('Label.'),
            operator: oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist'], 'How it is compared.'),
            values: optional(list(string('Value.'), 'Values for In and NotIn.')),
          },
          'One requirement.',
        ),
        'Requirements that must all hold.',
      ),
    ),
  },
  'Selects sites by their labels; empty selects all.',
)

/** Sites, what they get, and how it changes. */
export const fleetKind = defineKind({
  kind: 'Fleet',
  plural: 'fleets',
  description: 'Which sites run which profile, and how a change travels.',
  schema: object(
    {
      spec: object(
        {
          selector: withDefault(labelSelectorSchema, {}),
          profile: string('Name of the Profile.'),
          rollout: withDefault(rolloutPolicySchema, {} as RolloutPolicy),
        },
        'What is wanted.',
      ),
      status: optional(
        object(
          {
            sites: optional(integer('How many sites are selected.')),
            synced: optional(integer('How many of them run the current revision.')),
            currentRevision: optional(
              string('The ProfileRevision that passed its gates and that new sites get.'),
            ),
            rollout: optional(string('The rollout under way, or the last one.')),
            handledRevision: optional(
              string('The newest ProfileRevision that a rollout was made for.'),
            ),
            observedGeneration: optional(integer('The generation that this was made from.')),
            conditions: conditionsSchema,
          },
          'How far it is.',
        ),
      ),
    },
    'A fleet.',
  ),
  columns: [
    { name: 'Profile', type: 'string', path: '.spec.profile', description: 'What the sites run.' },
    {
      name: 'Sites',
      type: 'integer',
      path: '.status.sites',
      description: 'How many are selected.',
    },
    {
      name: 'Synced',
      type: 'integer',
      path: '.status.synced',
      description: 'How many run the current revision.',
    },
    {
      name: 'Revision',
      type: 'string',
      path: '.status.currentRevision',
      description: 'Current revision.',
    },
    { name: 'Rollout', type: 'string', path: '.status.rollout', description: 'The last rollout.' },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  statusOwners: {
    sites: 'fleet',
    synced: 'fleet',
    currentRevision: 'rollout',
    rollout: 'fleet',
    handledRevision: 'fleet',
    observedGeneration: 'fleet',
    conditions: 'fleet',
  },
  validate: (fleet) => [
    ...selectorProblems(fleet.spec.selector.matchExpressions ?? []),
    ...policyProblems(fleet.spec.rollout, 'spec.rollout'),
  ],
})
export type Fleet = ObjectOf<typeof fleetKind>

type Expressions = NonNullable<Infer<typeof labelSelectorSchema>['matchExpressions']>

function selectorProblems(expressions: Expressions): Problem[] {
  return expressions.flatMap(({ operator, values }, index): Problem[] => {
    const needsValues = operator === 'In' || operator === 'NotIn'
    if (needsValues === (values ?? []).length > 0) return []
    return [
      {
        path: `spec.selector.matchExpressions[${index}].values`,
        type: needsValues ? 'Required' : 'Forbidden',
        message: needsValues ? `name the values for ${operator}` : `not allowed with ${operator}`,
      },
    ]
  })
}

const limitOf = {
  ErrorRate: 'maxIncrease',
  LatencyP99: 'maxMilliseconds',
  Accuracy: 'maxDrop',
  BootHealth: 'maxSites',
} as const

export function policyProblems(policy: RolloutPolicy, path: string): Problem[] {
  const gates = policy.gates.flatMap((gate, index): Problem[] => {
    const limit = limitOf[gate.metric]
    return gate[limit] === undefined
      ? [
          {
            path: `${path}.gates[${index}].${limit}`,
            type: 'Required',
            message: `a gate on ${gate.metric} needs this limit`,
          },
        ]
      : []
  })
  const waves = policy.waves.flatMap((wave, index): Problem[] =>
    (wave.count === undefined) === (wave.percent === undefined)
      ? [
          {
            path: `${path}.waves[${index}]`,
            type: 'Invalid',
            message: 'set either count or percent',
          },
        ]
      : [],
  )
  return [...gates, ...waves]
}
