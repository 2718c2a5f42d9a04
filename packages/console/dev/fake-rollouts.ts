import { type FakeObject, at, fakeDigest, fakeObject, minuteMs } from './fake-object.ts'

const policy = {
  canary: { sites: 1 },
  waves: [{ name: 'wave-1', percent: 30 }],
  soakSeconds: 120,
  gates: [
    { metric: 'ErrorRate', maxIncrease: 0.01, minSamples: 100 },
    { metric: 'LatencyP99', maxMilliseconds: 250, minSamples: 100 },
    { metric: 'Accuracy', maxDrop: 0.03, minSamples: 100 },
  ],
  confidence: 0.95,
  gateTimeoutSeconds: 3600,
  siteTimeoutSeconds: 600,
  maxFailedSites: 0,
  onFailure: 'RollBackAll',
}

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `depot-${from + index}`)

const waveSites = { canary: ['depot-1'], 'wave-1': names(2, 5), rest: names(6, 14) }
type WaveName = keyof typeof waveSites

function waves(states: Record<WaveName, string>, times: Partial<Record<WaveName, string>> = {}) {
  return (Object.keys(waveSites) as WaveName[]).map((name) => ({
    name,
    sites: waveSites[name],
    state: states[name],
    ...(times[name] === undefined ? {} : { soakStartedTime: times[name] }),
  }))
}

function siteStates(states: Record<WaveName, string>, special: Record<string, string> = {}) {
  return (Object.keys(waveSites) as WaveName[]).flatMap((wave) =>
    waveSites[wave].map((name) => ({
      name,
      wave,
      state: special[name] ?? states[wave],
      ...(special[name] === 'Parked' ? { message: 'offline since 12:40' } : {}),
    })),
  )
}

const gate = (metric: string, verdict: string, numbers: Record<string, unknown>) => ({
  wave: 'canary',
  model: 'digits',
  metric,
  verdict,
  samples: 0,
  baselineSamples: 2480,
  ...numbers,
})

const fineGates = (wave: string) => [
  gate('ErrorRate', 'Pass', {
    wave,
    observed: 0.0008,
    baseline: 0.0004,
    limit: 0.01,
    samples: 1212,
    message: '1 of 1,212 requests failed; with 95% confidence at most 0.5 points more than before.',
  }),
  gate('LatencyP99', 'Pass', {
    wave,
    observed: 14.2,
    baseline: 11.8,
    limit: 250,
    samples: 1212,
    message: 'p99 is 14.2 ms, below the limit of 250 ms.',
  }),
  gate('Accuracy', 'NotEnoughData', {
    wave,
    observed: 0.9894,
    baseline: 0.962,
    limit: 0.03,
    samples: 74,
    message: '74 judged answers of the 100 that are needed.',
  }),
]

const badGates = [
  fineGates('canary')[0],
  fineGates('canary')[1],
  gate('Accuracy', 'Fail', {
    observed: 0.9142,
    baseline: 0.9661,
    limit: 0.03,
    samples: 431,
    message:
      'accuracy at the canary was 91.4% over 431 judged answers, the running version had 96.6%: with 95% confidence more than the 3.0 points lower that are allowed.',
  }),
]

type RolloutInput = {
  readonly number: number
  readonly createdMs: number
  readonly status: Record<string, unknown>
  readonly control?: Record<string, unknown>
}

const rollout = ({ number, createdMs, status, control }: RolloutInput): FakeObject =>
  fakeObject({
    kind: 'Rollout',
    name: `depots-rollout-${number}`,
    createdMs,
    body: {
      spec: {
        fleet: 'depots',
        revision: `sorting-v${number}`,
        ...(number > 1 ? { previousRevision: number === 2 ? 'sorting-v1' : 'sorting-v1' } : {}),
        policy,
        control: { action: 'Run', retries: 0, ...control },
      },
      status: { total: 14, startedTime: at(createdMs), ...status },
    },
  })

const revision = (number: number, nowMs: number): FakeObject =>
  fakeObject({
    kind: 'ProfileRevision',
    name: `sorting-v${number}`,
    createdMs: nowMs - 100 * minuteMs,
    body: {
      spec: {
        profile: 'sorting',
        digest: fakeDigest(`sorting-${number}`),
        layers: [
          {
            name: 'digits',
            type: 'model',
            digest: fakeDigest(`digits-v${number}`),
            model: {
              name: 'digits',
              version: `v${number}`,
              repository: 'models/default/digits',
              manifestDigest: fakeDigest(`m${number}`),
              sizeBytes: 421_776,
            },
          },
          { name: 'feeder', type: 'workload', digest: fakeDigest('feeder') },
        ],
      },
    },
  })

type EventInput = readonly [
  kind: string,
  name: string,
  type: string,
  reason: string,
  message: string,
]

function events(nowMs: number): FakeObject[] {
  const told: EventInput[] = [
    ['Rollout', 'depots-rollout-3', 'Normal', 'Started', 'Canary: depot-1 changes to digits v3.'],
    [
      'Rollout',
      'depots-rollout-3',
      'Normal',
      'Soaking',
      'The canary has changed and soaks for 2 min.',
    ],
    ['Rollout', 'depots-rollout-3', 'Warning', 'GateFailed', 'Accuracy 91.4% against 96.6%.'],
    ['Rollout', 'depots-rollout-3', 'Normal', 'RollingBack', 'depot-1 goes back to digits v1.'],
    ['Rollout', 'depots-rollout-3', 'Normal', 'RolledBack', 'Every site runs digits v1 again.'],
    ['Rollout', 'depots-rollout-4', 'Normal', 'Started', 'Canary: depot-1 changes to digits v2.'],
    ['Rollout', 'depots-rollout-4', 'Normal', 'WavePassed', 'The canary passed its gates.'],
    ['Rollout', 'depots-rollout-4', 'Normal', 'Parked', 'depot-4 is offline and is parked.'],
    ['Site', 'depot-1', 'Normal', 'Applied', 'Revision 41 runs in full.'],
    ['Site', 'depot-1', 'Warning', 'ContentFailed', 'digits v3 is not tried again here.'],
    ['Site', 'depot-1', 'Normal', 'Connected', 'The device depot-1-7kq2x connected.'],
    ['Site', 'depot-4', 'Warning', 'Disconnected', 'Nothing was heard for 90 s.'],
  ]
  return told.map(([kind, name, type, reason, message], index) =>
    fakeObject({
      kind: 'Event',
      name: `${name}.${index}`,
      createdMs: nowMs,
      body: {
        involvedObject: { kind, name, namespace: 'default' },
        type,
        reason,
        message,
        count: reason === 'Connected' ? 3 : 1,
        firstTimestamp: at(nowMs - (90 - index) * minuteMs),
        lastTimestamp: at(nowMs - (60 - index * 4) * minuteMs),
      },
    }),
  )
}

const fakeFleet = (nowMs: number): FakeObject =>
  fakeObject({
    kind: 'Fleet',
    name: 'depots',
    createdMs: nowMs - 9 * 86_400_000,
    body: {
      spec: { selector: {}, profile: 'sorting', rollout: policy },
      status: { sites: 14, synced: 3, currentRevision: 'sorting-v1', rollout: 'depots-rollout-2' },
    },
  })

export function fakeRollouts(nowMs: number): Record<string, FakeObject[]> {
  const done = { canary: 'Updated', 'wave-1': 'Updated', rest: 'Updated' }
  const passed = { canary: 'Passed', 'wave-1': 'Passed', rest: 'Passed' }
  const failedAt = nowMs - 30 * minuteMs
  const rollouts = [
    rollout({
      number: 1,
      createdMs: nowMs - 140 * minuteMs,
      status: {
        phase: 'Succeeded',
        updated: 14,
        progress: '14/14',
        message: 'digits v1 runs at 14 sites',
        waves: waves(passed),
        sites: siteStates(done),
        finishedTime: at(nowMs - 135 * minuteMs),
      },
    }),
    rollout({
      number: 3,
      createdMs: nowMs - 40 * minuteMs,
      status: {
        phase: 'RolledBack',
        updated: 0,
        failed: 0,
        progress: '0/14',
        message: 'The canary failed its gates, so every site that had changed was rolled back.',
        waves: waves({ canary: 'RolledBack', 'wave-1': 'Waiting', rest: 'Waiting' }),
        sites: siteStates({ canary: 'RolledBack', 'wave-1': 'Skipped', rest: 'Skipped' }),
        gates: badGates,
        startedTime: at(failedAt - 5 * minuteMs),
        finishedTime: at(failedAt),
      },
    }),
    rollout({
      number: 2,
      createdMs: nowMs - 12 * minuteMs,
      status: {
        phase: 'Progressing',
        wave: 'wave-1',
        updated: 3,
        parked: 1,
        progress: '3/14',
        message: 'wave-1 soaks; its gates need more judged answers',
        waves: waves(
          { canary: 'Passed', 'wave-1': 'Soaking', rest: 'Waiting' },
          { 'wave-1': at(nowMs - minuteMs) },
        ),
        sites: siteStates(
          { canary: 'Updated', 'wave-1': 'Updated', rest: 'Waiting' },
          { 'depot-4': 'Parked', 'depot-5': 'Updating' },
        ),
        gates: fineGates('wave-1'),
      },
    }),
  ]
  return {
    rollouts,
    fleets: [fakeFleet(nowMs)],
    profilerevisions: [1, 2, 3].map((number) => revision(number, nowMs)),
    events: events(nowMs),
  }
}
