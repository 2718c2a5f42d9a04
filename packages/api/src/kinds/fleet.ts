import { type ObjectOf, defineKind } from '../kind.ts'
import { conditionsSchema } from '../object.ts'
import { integer, object, optional, string, withDefault } from '../schema.ts'
import { labelSelectorSchema, selectorProblems } from './label-selector-schema.ts'
import { type RolloutPolicy, rolloutPolicySchema } from './rollout-policy.ts'
import { policyProblems } from './rollout-policy-problems.ts'

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
    ...selectorProblems(fleet.spec.selector, 'spec.selector'),
    ...policyProblems(fleet.spec.rollout, 'spec.rollout'),
  ],
})
export type Fleet = ObjectOf<typeof fleetKind>
