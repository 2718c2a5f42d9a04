import {
  type Infer,
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

export const gateMetrics = ['ErrorRate', 'LatencyP99', 'Accuracy', 'BootHealth'] as const
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

const waveSchema = object(
  {
    name: string('Name of the wave.', { maxLength: 40 }),
    count: optional(integer('How many sites.', { minimum: 1 })),
    percent: optional(
      integer('Share of all sites of the rollout, rounded up.', { minimum: 1, maximum: 100 }),
    ),
    soakSeconds: optional(
      integer('Seconds that the wave runs before its gates may let the next one start.', {
        minimum: 0,
      }),
    ),
  },
  'Sites that change together. The last wave of a rollout takes all that are left.',
)

/** How a fleet changes. */
export const rolloutPolicySchema = object(
  {
    canary: withDefault(
      object(
        { sites: withDefault(integer('How many sites go first.', { minimum: 0 }), 1) },
        'The sites that go first.',
      ),
      { sites: 1 },
    ),
    waves: withDefault(
      listByKey(waveSchema, 'name', 'What follows the canary, in order; then the rest.'),
      [],
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
