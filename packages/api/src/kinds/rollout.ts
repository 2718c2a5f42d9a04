import { equalJson } from '@skerry/base/json'
import { type ObjectOf, defineKind } from '../kind.ts'
import { conditionsSchema } from '../object.ts'
import {
  integer,
  list,
  listByKey,
  number,
  object,
  oneOf,
  optional,
  string,
  timestamp,
  withDefault,
} from '../schema.ts'
import { gateMetrics, rolloutPolicySchema } from './rollout-policy.ts'
import { policyProblems } from './rollout-policy-problems.ts'
import { requestFields } from './rollout-requests.ts'

export const rolloutPhases = [
  'Pending',
  'Progressing',
  'Paused',
  'RollingBack',
  'Succeeded',
  'RolledBack',
  'Failed',
  'Aborted',
  'Superseded',
] as const
export const rolloutSiteStates = [
  'Waiting',
  'Updating',
  'Updated',
  'Failed',
  'Parked',
  'RollingBack',
  'RolledBack',
  'Skipped',
] as const
/** Why a site is not asked although its turn has come. */
export const siteHolds = ['Window', 'Download', 'Budget', 'Backoff', 'OtherFleet', 'Turn'] as const
export const gateVerdicts = ['Pass', 'Fail', 'NotEnoughData'] as const
export const rolloutActions = ['Run', 'Pause', 'Abort'] as const

const gateResult = object(
  {
    wave: string('The wave.'),
    metric: oneOf(gateMetrics, 'What was measured.'),
    model: string('The model; of BootHealth: the layer of the operating system.'),
    verdict: oneOf(gateVerdicts, 'What the numbers say. Not enough data is never a pass.'),
    observed: optional(number('What was measured at the sites of the wave.')),
    baseline: optional(number('The same of the running version.')),
    limit: number('The limit of the gate.'),
    samples: integer('Requests, judged answers or sites behind observed.'),
    baselineSamples: integer('The same behind baseline.'),
    message: string('The verdict as a sentence.'),
  },
  'One gate with its numbers.',
)

const waveStatus = object(
  {
    name: string('Name of the wave.'),
    sites: list(string('Name of a site.'), 'Its sites.'),
    state: oneOf(
      ['Waiting', 'Updating', 'Soaking', 'Passed', 'Failed', 'RolledBack'],
      'How far it is.',
    ),
    startedTime: optional(timestamp('When its first site was asked to change.')),
    soakStartedTime: optional(timestamp('When its sites had changed.')),
  },
  'A wave.',
)

const siteStatus = object(
  {
    name: string('Name of the site.'),
    wave: string('Its wave.'),
    state: oneOf(rolloutSiteStates, 'How far it is.'),
    previousRevision: optional(string('What it ran before.')),
    changedTime: optional(timestamp('When the state last changed.')),
    message: optional(string('Why, as a sentence.')),
    hold: optional(
      oneOf(
        siteHolds,
        'Why it is not asked although its turn has come; absent: it was asked, or its turn has not come.',
      ),
    ),
    attempt: optional(
      integer('The attempt that this site is in, where it is ahead of the rollout.'),
    ),
    tries: optional(integer('How often it was asked again after it failed.')),
    handledRequest: optional(timestamp('The last request for this site that was acted on.')),
  },
  'A site of the rollout.',
)

/** One change on its way through a fleet. */
export const rolloutKind = defineKind({
  kind: 'Rollout',
  plural: 'rollouts',
  shortNames: ['ro'],
  description:
    'One change on its way through a fleet: canary, waves, gates, and what became of it.',
  schema: object(
    {
      spec: object(
        {
          fleet: string('The fleet.'),
          revision: string('The ProfileRevision that it brings.'),
          previousRevision: optional(
            string('The one that ran before; absent on the first rollout of a fleet.'),
          ),
          policy: rolloutPolicySchema,
          control: withDefault(
            object(
              {
                action: withDefault(oneOf(rolloutActions, 'What it shall do.'), 'Run'),
                reason: optional(string('Why, in the words of who asked.', { maxLength: 1000 })),
                by: optional(string('Who asked.')),
                time: optional(timestamp('When.')),
                retries: withDefault(integer('Raised by each retry.', { minimum: 0 }), 0),
                ...requestFields,
              },
              'What people asked of it; set by its verbs.',
            ),
            { action: 'Run', retries: 0 } as never,
          ),
        },
        'What is to happen.',
      ),
      status: optional(
        object(
          {
            phase: optional(oneOf(rolloutPhases, 'How far it is.')),
            message: optional(string('What it does or why it stopped, as a sentence.')),
            wave: optional(string('The wave under way.')),
            waves: optional(listByKey(waveStatus, 'name', 'The waves, in order.')),
            sites: optional(listByKey(siteStatus, 'name', 'Every site of the rollout.')),
            gates: optional(list(gateResult, 'The newest result of each gate of each wave.')),
            total: optional(integer('Sites in all.')),
            updated: optional(integer('Sites that run the new revision.')),
            failed: optional(integer('Sites where it failed.')),
            parked: optional(
              integer(
                'Sites that are offline, or were left behind by their wave, and will catch up.',
              ),
            ),
            waiting: optional(integer('Sites that wait for their turn or are under way.')),
            skipped: optional(integer('Sites that were not reached, or are left out.')),
            rolledBack: optional(integer('Sites that run the previous revision again.')),
            progress: optional(string('updated/total, for tables.')),
            startedTime: optional(timestamp('When it began.')),
            finishedTime: optional(timestamp('When it ended.')),
            handledRetries: optional(integer('Retries that were acted on.')),
            conditions: conditionsSchema,
          },
          'How far it is.',
        ),
      ),
    },
    'A rollout.',
  ),
  columns: [
    { name: 'Fleet', type: 'string', path: '.spec.fleet', description: 'The fleet.' },
    { name: 'Revision', type: 'string', path: '.spec.revision', description: 'What it brings.' },
    { name: 'Phase', type: 'string', path: '.status.phase', description: 'How far it is.' },
    { name: 'Wave', type: 'string', path: '.status.wave', description: 'The wave under way.' },
    { name: 'Updated', type: 'string', path: '.status.progress', description: 'Updated of all.' },
    { name: 'Message', type: 'string', path: '.status.message', description: 'Why.' },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  selectableFields: ['spec.fleet', 'status.phase'],
  subresources: [
    'pause',
    'resume',
    'abort',
    'retry',
    'approve',
    'promote',
    'skip',
    'force',
    'explain',
  ],
  statusOwners: Object.fromEntries(
    [
      'phase',
      'message',
      'wave',
      'waves',
      'sites',
      'gates',
      'total',
      'updated',
      'failed',
      'parked',
      'waiting',
      'skipped',
      'rolledBack',
      'progress',
      'startedTime',
      'finishedTime',
      'handledRetries',
      'conditions',
    ].map((field) => [field, 'rollout']),
  ),
  validate: (rollout, before) => [
    ...(before === undefined ||
    (before.spec.fleet === rollout.spec.fleet && before.spec.revision === rollout.spec.revision)
      ? []
      : [
          {
            path: 'spec',
            type: 'Forbidden' as const,
            message: 'fleet and revision of a rollout never change',
          },
        ]),
    ...(before !== undefined && equalJson(before.spec.policy, rollout.spec.policy)
      ? []
      : policyProblems(rollout.spec.policy, 'spec.policy')),
  ],
})
export type Rollout = ObjectOf<typeof rolloutKind>
export type RolloutStatus = NonNullable<Rollout['status']>
export type GateResult = NonNullable<RolloutStatus['gates']>[number]
