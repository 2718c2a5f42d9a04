import {
  type Infer,
  boolean,
  integer,
  listByKey,
  list,
  number,
  object,
  oneOf,
  optional,
  string,
  withDefault,
} from '../schema.ts'
import { windowsSchema } from '../windows/window-schema.ts'
import { labelSelectorSchema } from './label-selector-schema.ts'
import { type Budget, budgetSchema } from './rollout-budget.ts'

export const gateMetrics = ['ErrorRate', 'LatencyP99', 'Accuracy', 'BootHealth'] as const
export const newRevisionRules = ['Supersede', 'Queue', 'Merge'] as const
export const failureReactions = ['Pause', 'RollBackWave', 'RollBackAll'] as const

export const gateSchema = object(
  {
    metric: oneOf(
      gateMetrics,
      'What is measured at the sites of the wave: per model; BootHealth where the operating system changes.',
    ),
    maxIncrease: optional(
      number(
        'ErrorRate: how much higher than the running version it may be, as a share (0.01 is one point).',
        { minimum: 0, maximum: 1 },
      ),
    ),
    maxDrop: optional(
      number(
        'Accuracy: how much lower than the running version it may be, as a share (0.03 is three points).',
        { minimum: 0, maximum: 1 },
      ),
    ),
    maxMilliseconds: optional(
      number('LatencyP99: the 99th percentile may not be above this.', { minimum: 0 }),
    ),
    maxSites: optional(
      integer(
        'BootHealth: at how many sites the new image may be unhealthy, or have restarted by itself.',
        { minimum: 0 },
      ),
    ),
    minSamples: withDefault(
      integer('Requests (Accuracy: judged answers) needed before the gate may pass.', {
        minimum: 1,
      }),
      100,
    ),
  },
  'A condition that a wave must meet before the next one starts.',
)
export type Gate = Infer<typeof gateSchema>

const approvals = withDefault(
  integer('How many different people must approve before it starts; 2 is the rule of four eyes.', {
    minimum: 0,
    maximum: 5,
  }),
  0,
)
const soak = optional(
  integer('Seconds that the wave runs before its gates may let the next one start.', {
    minimum: 0,
  }),
)
const failures = optional(
  integer('It has failed with more failed sites than this; absent: as the policy says.', {
    minimum: 0,
  }),
)
const ofWave = { soakSeconds: soak, approvals, maxFailedSites: failures }

const waveSchema = object(
  {
    name: string('Name of the wave.', { maxLength: 40 }),
    count: optional(integer('How many sites.', { minimum: 1 })),
    percent: optional(
      integer('Share of all sites of the rollout, rounded up.', { minimum: 1, maximum: 100 }),
    ),
    selector: optional(labelSelectorSchema),
    sites: optional(list(string('Name of a site.', { maxLength: 253 }), 'These sites.')),
    ...ofWave,
  },
  'Sites that change together: by count, percent, selector or sites. A site goes with the first wave that takes it, the last wave of a rollout takes all that are left.',
)

const canarySchema = object(
  {
    sites: withDefault(integer('How many sites go first.', { minimum: 0 }), 1),
    selector: optional(labelSelectorSchema),
    ...ofWave,
  },
  'The sites that go first. With a selector only sites that it selects do; if there are none, the rollout does not begin.',
)

const rollbackSchema = object(
  {
    ignoreWindows: withDefault(boolean('Sites go back at any time.'), false),
    ignoreBudgets: withDefault(boolean('All sites go back at once.'), false),
  },
  'How sites go back. What a site does not run yet is called back at once.',
)

/** How a fleet changes. */
export const rolloutPolicySchema = object(
  {
    canary: withDefault(canarySchema, { sites: 1, approvals: 0 }),
    waves: withDefault(
      listByKey(waveSchema, 'name', 'What follows the canary, in order; then the rest.'),
      [],
    ),
    rest: withDefault(object(ofWave, 'The last wave, which takes all that are left.'), {
      approvals: 0,
    }),
    windows: optional(windowsSchema),
    budgets: withDefault(
      list(budgetSchema, 'How many sites may be unavailable at once; all of them hold.', {
        maxItems: 20,
      }),
      [] as Budget[],
    ),
    waitLimitSeconds: withDefault(
      integer(
        'A wave, or a rollback, waits so long for sites that may not change yet; then it goes on without them, and they follow when they may.',
        { minimum: 1 },
      ),
      604_800,
    ),
    siteRetries: withDefault(
      integer('How often a site is asked again after it failed.', { minimum: 0, maximum: 20 }),
      0,
    ),
    retryBackoffSeconds: withDefault(
      integer('How long it waits before that; twice as long each time, at most six hours.', {
        minimum: 1,
        maximum: 21_600,
      }),
      60,
    ),
    rollback: withDefault(rollbackSchema, { ignoreWindows: false, ignoreBudgets: false }),
    onNewRevision: withDefault(
      oneOf(
        newRevisionRules,
        'What a newer revision does while a rollout is under way. Supersede: it begins at once, with its own canary. Queue: it begins when that rollout is over. Merge: it begins at once, at the sites that the other one has changed.',
      ),
      'Supersede',
    ),
    soakSeconds: withDefault(
      integer('Seconds that a wave runs before its gates may let the next one start.', {
        minimum: 0,
      }),
      60,
    ),
    gates: withDefault(list(gateSchema, 'What each wave must meet.'), [
      { metric: 'ErrorRate', maxIncrease: 0.01, minSamples: 100 },
      { metric: 'LatencyP99', maxMilliseconds: 1000, minSamples: 100 },
      { metric: 'Accuracy', maxDrop: 0.03, minSamples: 100 },
      { metric: 'BootHealth', maxSites: 0, minSamples: 1 },
    ] as Gate[]),
    confidence: withDefault(
      number(
        'At most one minus this share of the rollouts of an unchanged model is stopped by its gates, however often they are looked at.',
        { minimum: 0.5, maximum: 0.9999 },
      ),
      0.95,
    ),
    gateTimeoutSeconds: withDefault(
      integer('A wave whose gates still lack data after this time is paused.', { minimum: 1 }),
      3600,
    ),
    siteTimeoutSeconds: withDefault(
      integer('A connected site that has not applied its change after this time has failed.', {
        minimum: 1,
      }),
      600,
    ),
    maxFailedSites: withDefault(
      integer('A wave with more failed sites than this has failed.', { minimum: 0 }),
      0,
    ),
    onFailure: withDefault(
      oneOf(failureReactions, 'What happens when a wave fails.'),
      'RollBackAll',
    ),
  },
  'How a change travels.',
)
export type RolloutPolicy = Infer<typeof rolloutPolicySchema>
