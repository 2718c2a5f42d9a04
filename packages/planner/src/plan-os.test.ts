import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SiteLayer } from '@skerry/api/site-spec'
import { assessSite } from './assess-site.ts'
import type { CurrentOs } from './os-state.ts'
import { planSite } from './plan-site.ts'
import type { CurrentSite, FailedContent, TargetSite } from './site-state.ts'
import { nextStep, stepKey, wakeAtMs } from './step.ts'

const idOf = (version: string) => Buffer.from(version).toString('hex').padEnd(32, '0')
const digestOf = (version: string) =>
  `sha256:${Buffer.from(version).toString('hex').padEnd(64, '0')}`
const file = (text: string) => ({ digest: digestOf(text), sizeBytes: 100 })
const wallMs = Date.UTC(2026, 10, 21, 12)
const window = { from: '02:00', to: '04:00' }
const hourMs = 3_600_000

const layer = (version: string, more: { attempt?: number; window?: object } = {}): SiteLayer => ({
  name: 'base',
  type: 'os',
  digest: digestOf(version),
  attempt: more.attempt ?? 0,
  os: {
    image: 'depot',
    version,
    imageId: idOf(version),
    repository: 'os/depots/depot',
    envelope: file(`envelope ${version}`),
    root: file(`root ${version}`),
    kernel: file(`kernel ${version}`),
    health: { deadlineSeconds: 600, services: [], commands: [] },
    ...(more.window === undefined ? {} : { rebootWindow: window }),
  },
})
const camera: SiteLayer = {
  name: 'camera',
  type: 'workload',
  digest: digestOf('camera'),
  attempt: 0,
  workload: { command: ['look'], environment: {}, stopGraceSeconds: 10 },
}
const os = (more: Partial<CurrentOs> = {}): CurrentOs => ({
  imageId: idOf('v1'),
  version: 'v1',
  digest: digestOf('v1'),
  isOnTrial: false,
  trial: { verdict: 'Judging', message: 'it has only just started' },
  staged: [],
  isRestarting: false,
  condemned: [],
  wallMs,
  outcomes: [],
  ...more,
})
const against = (version: string) => ({
  imageId: idOf(version),
  digest: digestOf(version),
  message: `${version} panicked`,
})
const failure = (version: string, attempt: number): FailedContent => ({
  layer: 'base',
  digest: digestOf(version),
  attempt,
  message: `${version} panicked`,
})
const site = (machine: CurrentOs | undefined, more: Partial<CurrentSite> = {}): CurrentSite => ({
  blobs: [],
  partials: [],
  fetching: [],
  ports: {},
  models: [],
  workloads: [],
  kept: {},
  applied: { epoch: 1, revision: 7 },
  held: {},
  os: machine,
  ...more,
})
const target = (...layers: SiteLayer[]): TargetSite => ({
  version: { epoch: 1, revision: 7 },
  layers,
})

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

/** The step to do now, or what is waited for. */
function planned(
  machine: CurrentOs | undefined,
  wanted: TargetSite | undefined,
  failures: FailedContent[] = [],
): string {
  deepFreeze([machine, wanted, failures])
  const plan = planSite(site(machine), wanted, failures, 1000)
  const step = nextStep(plan)
  if (step !== undefined) return stepKey(step)
  const waiting = plan.steps.filter((each) => each.do === 'wait' && each.layer === 'base')
  return waiting.length === 0 ? 'nothing' : `wait: ${waiting[0]?.reason}`
}

const v2Installing = { digest: digestOf('v2'), doneBytes: 30, totalBytes: 100 }
const v3Installing = { digest: digestOf('v3'), doneBytes: 30, totalBytes: 100 }
const healthy = { verdict: 'Healthy' } as const
const unhealthy = { verdict: 'Unhealthy', message: 'no network after 600 s' } as const
const short = (version: string) => idOf(version).slice(0, 12)
const shortDigest = (version: string) => digestOf(version).slice(7, 19)

type Case = [
  string,
  CurrentOs | undefined,
  TargetSite | undefined,
  FailedContent[],
  RegExp | string,
]
const cases: Case[] = [
  ['what runs is what is wanted', os(), target(layer('v1')), [], 'nothing'],
  ['no os layer: nothing changes', os(), target(), [], 'nothing'],
  [
    'no os layer any more, and another is the next',
    os({ switched: idOf('v2') }),
    target(),
    [],
    `switch-os ${short('v1')}`,
  ],
  [
    'no spec, and another is the next: nothing changes',
    os({ switched: idOf('v2') }),
    undefined,
    [],
    'nothing',
  ],
  ['no spec: nothing changes', os(), undefined, [], 'nothing'],
  ['a new image is brought into a slot', os(), target(layer('v2')), [], 'install-os base v2'],
  [
    'a window does not hold back the fetch',
    os(),
    target(layer('v2', { window })),
    [],
    'install-os base v2',
  ],
  [
    'it is under way',
    os({ installing: v2Installing }),
    target(layer('v2')),
    [],
    /being brought into a slot/,
  ],
  [
    'another is under way: it is let go first',
    os({ installing: v3Installing }),
    target(layer('v2')),
    [],
    /no longer wanted/,
  ],
  [
    'complete: it becomes the next',
    os({ staged: [idOf('v2')] }),
    target(layer('v2')),
    [],
    `switch-os base ${short('v2')}`,
  ],
  [
    'complete, window closed',
    os({ staged: [idOf('v2')] }),
    target(layer('v2', { window })),
    [],
    /restarts when its window opens: Sun,? 02:00 \(UTC\)/,
  ],
  [
    'complete, window open',
    os({ staged: [idOf('v2')], wallMs: wallMs + 15 * hourMs }),
    target(layer('v2', { window })),
    [],
    `switch-os base ${short('v2')}`,
  ],
  [
    'complete, window open elsewhere',
    os({ staged: [idOf('v2')] }),
    { ...target(layer('v2', { window })), timeZone: 'Pacific/Auckland' },
    [],
    /Sun,? 02:00 \(Pacific\/Auckland\)/,
  ],
  [
    'complete, window open in its zone',
    os({ staged: [idOf('v2')] }),
    { ...target(layer('v2', { window })), timeZone: 'Asia/Vladivostok' },
    [],
    /window opens/,
  ],
  [
    'complete, clock of 1970',
    os({ staged: [idOf('v2')], wallMs: 3 * hourMs }),
    { ...target(layer('v2', { window })), issuedMs: wallMs },
    [],
    /clock of the machine is not set/,
  ],
  [
    'no window needs no clock',
    os({ staged: [idOf('v2')], wallMs: 0 }),
    { ...target(layer('v2')), issuedMs: wallMs },
    [],
    `switch-os base ${short('v2')}`,
  ],
  [
    'a clock a little behind is believed',
    os({ staged: [idOf('v2')], wallMs: wallMs + 15 * hourMs }),
    { ...target(layer('v2', { window })), issuedMs: wallMs + 15.5 * hourMs },
    [],
    `switch-os base ${short('v2')}`,
  ],
  [
    'the next to start: restart',
    os({ staged: [idOf('v2')], switched: idOf('v2') }),
    target(layer('v2')),
    [],
    `restart-machine base ${short('v2')}`,
  ],
  [
    'the next to start, window closed',
    os({ switched: idOf('v2') }),
    target(layer('v2', { window })),
    [],
    /window opens/,
  ],
  [
    'it restarts',
    os({ switched: idOf('v2'), isRestarting: true }),
    target(layer('v2')),
    [],
    /the machine restarts/,
  ],
  [
    'another is the next: the wanted one is brought',
    os({ switched: idOf('v2') }),
    target(layer('v3')),
    [],
    'install-os base v3',
  ],
  [
    'another is the next, wanted is complete',
    os({ switched: idOf('v2'), staged: [idOf('v3')] }),
    target(layer('v3')),
    [],
    `switch-os base ${short('v3')}`,
  ],
  [
    'another is the next, and the running one is wanted again',
    os({ switched: idOf('v2') }),
    target(layer('v1')),
    [],
    `switch-os base ${short('v1')}`,
  ],
  [
    'going back to one that is here',
    os({ imageId: idOf('v3'), version: 'v3', staged: [idOf('v2')] }),
    target(layer('v2')),
    [],
    `switch-os base ${short('v2')}`,
  ],
  [
    'going back to one that is not here',
    os({ imageId: idOf('v3'), version: 'v3' }),
    target(layer('v2')),
    [],
    'install-os base v2',
  ],
  [
    'on trial: it is judged',
    os({ isOnTrial: true }),
    target(layer('v1')),
    [],
    /v1 is on trial: it has only just started/,
  ],
  [
    'on trial and well',
    os({ isOnTrial: true, trial: healthy }),
    target(layer('v1')),
    [],
    `bless-os base ${short('v1')}`,
  ],
  [
    'on trial and not well',
    os({ isOnTrial: true, trial: unhealthy }),
    target(layer('v1')),
    [],
    `condemn-os base ${short('v1')}`,
  ],
  [
    'on trial, well, and another is wanted: it is kept first',
    os({ isOnTrial: true, trial: healthy }),
    target(layer('v2')),
    [],
    `bless-os base ${short('v1')}`,
  ],
  [
    'on trial, and another is wanted: nothing is installed',
    os({ isOnTrial: true }),
    target(layer('v2')),
    [],
    /on trial/,
  ],
  [
    'on trial, and another is complete: no switch',
    os({ isOnTrial: true, staged: [idOf('v2')] }),
    target(layer('v2')),
    [],
    /on trial/,
  ],
  [
    'on trial and well, without an os layer',
    os({ isOnTrial: true, trial: healthy }),
    target(),
    [],
    `bless-os ${short('v1')}`,
  ],
  [
    'on trial and not well, without a spec',
    os({ isOnTrial: true, trial: unhealthy }),
    undefined,
    [],
    `condemn-os ${short('v1')}`,
  ],
  [
    'on trial and given up: it restarts',
    os({ isOnTrial: true, trial: unhealthy, isRestarting: true }),
    target(layer('v1')),
    [],
    /the machine restarts/,
  ],
  [
    'evidence against the wanted image',
    os({ condemned: [against('v2')] }),
    target(layer('v2')),
    [],
    `give-up-os base ${shortDigest('v2')} attempt 0`,
  ],
  [
    'evidence by image id alone',
    os({ condemned: [{ imageId: idOf('v2'), message: 'x' }] }),
    target(layer('v2')),
    [],
    `give-up-os base ${shortDigest('v2')} attempt 0`,
  ],
  [
    'given up: it is left alone',
    os({ condemned: [against('v2')] }),
    target(layer('v2')),
    [failure('v2', 0)],
    /v2 failed here: v2 panicked/,
  ],
  [
    'given up and complete: no switch',
    os({ condemned: [against('v2')], staged: [idOf('v2')] }),
    target(layer('v2')),
    [failure('v2', 0)],
    /failed here/,
  ],
  [
    'given up, attempt raised',
    os({ condemned: [against('v2')], tried: { digest: digestOf('v2'), attempt: 0 } }),
    target(layer('v2', { attempt: 1 })),
    [failure('v2', 0)],
    'install-os base v2',
  ],
  [
    'given up, attempt raised, and switched: restart',
    os({
      condemned: [against('v2')],
      switched: idOf('v2'),
      tried: { digest: digestOf('v2'), attempt: 1 },
    }),
    target(layer('v2', { attempt: 1 })),
    [failure('v2', 0)],
    `restart-machine base ${short('v2')}`,
  ],
  [
    'fell back again at the raised attempt',
    os({ condemned: [against('v2')], tried: { digest: digestOf('v2'), attempt: 1 } }),
    target(layer('v2', { attempt: 1 })),
    [failure('v2', 0)],
    `give-up-os base ${shortDigest('v2')} attempt 1`,
  ],
  [
    'evidence against another image does not matter',
    os({ condemned: [against('v3')] }),
    target(layer('v2')),
    [failure('v3', 0)],
    'install-os base v2',
  ],
  [
    'a refused signature is not tried again',
    os(),
    target(layer('v2')),
    [failure('v2', 0)],
    /failed here/,
  ],
  [
    'a failure of what runs does not matter',
    os(),
    target(layer('v1')),
    [failure('v1', 0)],
    'nothing',
  ],
  [
    'no image: it says so once',
    undefined,
    target(layer('v2')),
    [],
    `give-up-os base ${shortDigest('v2')} attempt 0`,
  ],
  [
    'no image, said: nothing more',
    undefined,
    target(layer('v2')),
    [failure('v2', 0)],
    /failed here/,
  ],
  ['no image and no os layer', undefined, target(), [], 'nothing'],
]

describe('planOs', () => {
  for (const [name, machine, wanted, failures, expected] of cases)
    it(name, () => {
      const got = planned(machine, wanted, failures)
      if (typeof expected === 'string') assert.equal(got, expected)
      else assert.match(got, expected)
    })

  it('wakes when the window opens, and looks at the clock now and then', () => {
    const wanted = target(layer('v2', { window }))
    const soon = os({ staged: [idOf('v2')], wallMs: Date.UTC(2026, 10, 21, 1, 59) })
    assert.equal(wakeAtMs(planSite(site(soon), wanted, [], 1000)), 61_000)
    const later = os({ staged: [idOf('v2')] })
    assert.equal(wakeAtMs(planSite(site(later), wanted, [], 1000)), 301_000)
  })

  it('goes on with other layers while it fetches, and where there is no image', () => {
    const both = target(layer('v2'), camera)
    const busy = planSite(site(os({ installing: v2Installing })), both, [], 0)
    assert.equal(nextStep(busy)?.do, 'start-workload')
    const laptop = planSite(site(undefined), both, [failure('v2', 0)], 0)
    assert.equal(nextStep(laptop)?.do, 'start-workload')
  })

  it('holds back what did not succeed', () => {
    const held = { 'install-os base v2': { untilMs: 5000, message: 'the hub cannot be reached' } }
    const plan = planSite(site(os(), { held }), target(layer('v2')), [], 1000)
    assert.equal(nextStep(plan), undefined)
    assert.equal(wakeAtMs(plan), 5000)
  })

  it('a spec runs in full only when its image is kept', () => {
    const wanted = { ...target(layer('v1')), version: { epoch: 1, revision: 8 } }
    const steps = (machine: CurrentOs) =>
      planSite(site(machine), wanted, [], 0).steps.map((step) => step.do)
    assert.deepEqual(steps(os()), ['note-applied'])
    assert.deepEqual(steps(os({ isOnTrial: true })), ['wait'])
  })
})

describe('how an os layer is', () => {
  const reportOf = (
    machine: CurrentOs | undefined,
    wanted: SiteLayer,
    failures: FailedContent[] = [],
  ) => {
    const { health, isSettled, layers } = assessSite(site(machine), target(wanted), failures)
    const { state, version, digest, message } = layers[0]!
    return { health, isSettled, state, version, digest: digest?.slice(7, 11), message }
  }
  const v1 = digestOf('v1').slice(7, 11)

  it('runs', () => {
    assert.deepEqual(reportOf(os({ digest: undefined }), layer('v1')), {
      health: 'Healthy',
      isSettled: true,
      state: 'Running',
      version: 'v1',
      digest: v1,
      message: undefined,
    })
  })

  it('is fetched, waits, is on trial, or failed', () => {
    const fetching = reportOf(os({ installing: { ...v2Installing, doneBytes: 33 } }), layer('v2'))
    assert.deepEqual(
      [fetching.health, fetching.state, fetching.isSettled, fetching.message],
      ['Healthy', 'Fetching', false, 'v2 is being fetched: 30 %'],
    )
    const staged = reportOf(os({ staged: [idOf('v2')] }), layer('v2', { window }))
    assert.deepEqual([staged.state, staged.digest], ['Pending', v1])
    assert.match(staged.message ?? '', /window opens/)
    const trial = reportOf(os({ isOnTrial: true }), layer('v1'))
    assert.deepEqual([trial.health, trial.state, trial.isSettled], ['Unknown', 'Starting', false])
    const failed = reportOf(os(), layer('v2'), [failure('v2', 0)])
    assert.deepEqual([failed.health, failed.state, failed.isSettled], ['Degraded', 'Failed', true])
    assert.equal(failed.message, 'v2 failed: v2 panicked')
  })

  it('cannot be where there is no image', () => {
    const laptop = reportOf(undefined, layer('v2'))
    assert.deepEqual([laptop.health, laptop.state, laptop.isSettled], ['Degraded', 'Failed', true])
    assert.match(laptop.message ?? '', /does not run from an image/)
  })
})
