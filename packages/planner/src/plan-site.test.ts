import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SiteLayer } from '@skerry/api/site-spec'
import { assessSite } from './assess-site.ts'
import { planSite } from './plan-site.ts'
import type {
  CurrentModel,
  CurrentSite,
  CurrentWorkload,
  FailedContent,
  TargetSite,
} from './site-state.ts'
import { shortDigest } from '@skerry/base/digest'
import { explainPlan, nextStep, stepKey, wakeAtMs } from './step.ts'

const digestOf = (text: string) => `sha256:${Buffer.from(text).toString('hex').padEnd(64, '0')}`

const model = (version: string, attempt = 1, port?: number): SiteLayer => ({
  name: 'digits',
  type: 'model',
  digest: digestOf(version),
  attempt,
  model: {
    name: 'digits',
    version,
    repository: 'models/depots/digits',
    manifestDigest: digestOf(`manifest ${version}`),
    sizeBytes: 100,
    ...(port === undefined ? {} : { port }),
  },
})
const workload = (text: string): SiteLayer => ({
  name: 'camera',
  type: 'workload',
  digest: digestOf(text),
  attempt: 1,
  workload: { command: [text], environment: {}, stopGraceSeconds: 10 },
})
const target = (...layers: SiteLayer[]): TargetSite => ({
  version: { epoch: 1, revision: 7 },
  layers,
})
const running = (version: string, more: Partial<CurrentModel> = {}): CurrentModel => ({
  instance: `${version}-process`,
  layer: 'digits',
  digest: digestOf(version),
  model: 'digits',
  version,
  attempt: 1,
  phase: 'Serving',
  restarts: 0,
  crashes: 0,
  ...more,
})
const process = (text: string, more: Partial<CurrentWorkload> = {}): CurrentWorkload => ({
  layer: 'camera',
  digest: digestOf(text),
  phase: 'Running',
  portsKey: 'digits:4000',
  restarts: 0,
  crashes: 0,
  ...more,
})
const empty: CurrentSite = {
  blobs: [],
  partials: [],
  fetching: [],
  ports: {},
  models: [],
  workloads: [],
  kept: {},
  held: {},
}
const open = { ...empty, ports: { digits: 4000 } }
const nowMs = 1000
const stepDigest = (text: string) => shortDigest(digestOf(text))

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}

function plan(
  current: CurrentSite,
  wanted: TargetSite | undefined,
  failures: FailedContent[] = [],
): string[] {
  const made = planSite(deepFreeze(current), deepFreeze(wanted), deepFreeze(failures), nowMs)
  return made.steps.map((step) => `${step.when === 'now' ? '' : '('}${stepKey(step)}`)
}
const failed = (version: string, attempt = 1): FailedContent => ({
  layer: 'digits',
  digest: digestOf(version),
  attempt,
  message: 'its self-test failed',
})

type Case = {
  readonly name: string
  readonly current: CurrentSite
  readonly target: TargetSite | undefined
  readonly failures?: FailedContent[]
  readonly steps: string[]
}

const v2Serves: CurrentSite = {
  ...open,
  blobs: [digestOf('v2')],
  models: [running('v2')],
  kept: { digits: { good: model('v2') } },
  applied: { epoch: 1, revision: 6 },
}

const cases: Case[] = [
  { name: 'no spec: wait', current: empty, target: undefined, steps: ['wait'] },
  {
    name: 'an empty spec is applied at once',
    current: empty,
    target: target(),
    steps: ['note-applied 1/7'],
  },
  {
    name: 'a first model and a workload, lowest first',
    current: empty,
    target: target(model('v1'), workload('look')),
    steps: [
      'open-port digits',
      'fetch-blob digits v1',
      '(start-model digits v1',
      '(switch-model digits v1',
      'wait camera',
      `(start-workload camera ${digestOf('look').slice(7, 19)}`,
    ],
  },
  {
    name: 'fetched: start it',
    current: { ...open, blobs: [digestOf('v1')] },
    target: target(model('v1')),
    steps: ['start-model digits v1', '(switch-model digits v1'],
  },
  {
    name: 'while it is fetched: wait',
    current: { ...open, fetching: [{ digest: digestOf('v1'), receivedBytes: 1 }] },
    target: target(model('v1')),
    steps: ['wait digits', '(start-model digits v1', '(switch-model digits v1'],
  },
  {
    name: 'ready: switch',
    current: { ...open, blobs: [digestOf('v1')], models: [running('v1', { phase: 'Ready' })] },
    target: target(model('v1')),
    steps: ['switch-model digits v1'],
  },
  {
    name: 'ready, but the port is in use by somebody else: wait',
    current: {
      ...empty,
      blobs: [digestOf('v1')],
      models: [running('v1', { phase: 'Ready' })],
      held: { 'open-port digits 4000': { untilMs: 5000, message: 'port 4000 is in use' } },
    },
    target: target(model('v1', 1, 4000)),
    steps: ['wait digits', 'wait digits', '(switch-model digits v1'],
  },
  {
    name: 'an update loads beside the old, which goes last',
    current: { ...v2Serves, blobs: [digestOf('v2'), digestOf('v3')] },
    target: target(model('v3')),
    steps: ['start-model digits v3', '(switch-model digits v3', '(drain-old digits v2-process'],
  },
  {
    name: 'the replaced one is drained; the file before the last is garbage',
    current: {
      ...v2Serves,
      blobs: [digestOf('v1'), digestOf('v2'), digestOf('v3')],
      models: [running('v2', { phase: 'Replaced' }), running('v3')],
      kept: { digits: { good: model('v3'), previous: model('v2') } },
    },
    target: target(model('v3')),
    steps: [
      'drain-old digits v2-process',
      '(note-applied 1/7',
      `remove-file ${digestOf('v1').slice(7, 19)}`,
    ],
  },
  {
    name: 'back at once: what was replaced is not taken again but started anew',
    current: {
      ...v2Serves,
      blobs: [digestOf('v2'), digestOf('v3')],
      models: [running('v2', { phase: 'Replaced' }), running('v3')],
      kept: { digits: { good: model('v3'), previous: model('v2') } },
    },
    target: target(model('v2')),
    steps: [
      'start-model digits v2',
      '(switch-model digits v2',
      'drain-old digits v2-process',
      '(drain-old digits v3-process',
    ],
  },
  {
    name: 'after a restart of the agent what was good serves while the new one is fetched',
    current: { ...v2Serves, models: [] },
    target: target(model('v3')),
    steps: [
      'start-model digits v2',
      '(switch-model digits v2',
      'fetch-blob digits v3',
      '(start-model digits v3',
      '(switch-model digits v3',
    ],
  },
  {
    name: 'refused: give up, and the old goes on',
    current: {
      ...v2Serves,
      blobs: [digestOf('v2'), digestOf('v3')],
      models: [running('v2'), running('v3', { phase: 'Ended', crashes: 1, isRefused: true })],
    },
    target: target(model('v3')),
    steps: ['give-up digits 763300000000 attempt 1'],
  },
  {
    name: 'one crash at load: again, when its time has come',
    current: {
      ...v2Serves,
      blobs: [digestOf('v2'), digestOf('v3')],
      models: [running('v2'), running('v3', { phase: 'Ended', crashes: 1, retryAtMs: 2000 })],
    },
    target: target(model('v3')),
    steps: ['wait digits'],
  },
  {
    name: 'three crashes at load: give up',
    current: {
      ...v2Serves,
      blobs: [digestOf('v2'), digestOf('v3')],
      models: [running('v2'), running('v3', { phase: 'Ended', crashes: 3, retryAtMs: 2000 })],
    },
    target: target(model('v3')),
    steps: ['give-up digits 763300000000 attempt 1'],
  },
  {
    name: 'what served here is never given up for crashing',
    current: { ...v2Serves, models: [running('v2', { phase: 'Ended', crashes: 30 })] },
    target: target(model('v2')),
    steps: ['start-model digits v2'],
  },
  {
    name: 'content that failed is not tried again, and the old goes on',
    current: v2Serves,
    target: target(model('v3')),
    failures: [failed('v3')],
    steps: ['wait digits'],
  },
  {
    name: 'nor after a restart of the agent: what was good is started',
    current: { ...v2Serves, models: [] },
    target: target(model('v3')),
    failures: [failed('v3')],
    steps: ['wait digits', 'start-model digits v2', '(switch-model digits v2'],
  },
  {
    name: 'a raised attempt tries it again',
    current: v2Serves,
    target: target(model('v3', 2)),
    failures: [failed('v3', 1)],
    steps: [
      'fetch-blob digits v3',
      '(start-model digits v3',
      '(switch-model digits v3',
      '(drain-old digits v2-process',
    ],
  },
  {
    name: 'a step that did not succeed waits',
    current: {
      ...v2Serves,
      held: { 'fetch-blob digits v3': { untilMs: 5000, message: 'the disk is full' } },
    },
    target: target(model('v3')),
    steps: [
      'wait digits',
      '(start-model digits v3',
      '(switch-model digits v3',
      '(drain-old digits v2-process',
    ],
  },
  {
    name: 'what nobody wants stops after new things run',
    current: {
      ...v2Serves,
      workloads: [process('old', { layer: 'old' })],
      blobs: [digestOf('v2'), digestOf('v3')],
    },
    target: target(model('v3')),
    steps: [
      'start-model digits v3',
      '(switch-model digits v3',
      '(drain-old digits v2-process',
      '(stop-layer old',
    ],
  },
  {
    name: 'unless it holds a port that is wanted',
    current: { ...empty, ports: { old: 4000 } },
    target: target(model('v1', 1, 4000)),
    steps: [
      'stop-layer old',
      'open-port digits 4000',
      'fetch-blob digits v1',
      '(start-model digits v1',
      '(switch-model digits v1',
    ],
  },
  {
    name: 'a workload that ended is started again at its time',
    current: {
      ...v2Serves,
      workloads: [process('look', { phase: 'Ended', crashes: 1, retryAtMs: 900 })],
    },
    target: target(model('v2'), workload('look')),
    steps: [`restart-workload camera ${digestOf('look').slice(7, 19)}`],
  },
  {
    name: 'a changed workload stops before it starts',
    current: { ...v2Serves, workloads: [process('look')] },
    target: target(model('v2'), workload('see')),
    steps: ['stop-layer camera', `(start-workload camera ${digestOf('see').slice(7, 19)}`],
  },
  {
    name: 'a model that is broken keeps no workload waiting',
    current: {
      ...v2Serves,
      models: [running('v2', { phase: 'Ended', crashes: 5, retryAtMs: 9000 })],
    },
    target: target(model('v2'), workload('look')),
    steps: ['wait digits', `start-workload camera ${digestOf('look').slice(7, 19)}`],
  },
  {
    name: 'without a spec what ran goes on and nothing is removed',
    current: { ...v2Serves, models: [], blobs: [digestOf('v1'), digestOf('v2')] },
    target: { layers: [model('v2')] },
    steps: ['start-model digits v2', '(switch-model digits v2'],
  },
]

describe('planSite', () => {
  for (const each of cases)
    it(each.name, () => {
      assert.deepEqual(plan(each.current, each.target, each.failures), each.steps)
    })

  it('has nothing to do when everything runs', () => {
    const done = { ...v2Serves, workloads: [process('look')], applied: { epoch: 1, revision: 7 } }
    const made = planSite(done, target(model('v2'), workload('look')), [], nowMs)
    assert.deepEqual(explainPlan(made), ['nothing: what runs is what was asked for'])
    assert.equal(nextStep(made), undefined)
    assert.equal(wakeAtMs(made), undefined)
  })

  it('explains each step in a sentence', () => {
    const made = planSite(v2Serves, target(model('v3')), [], nowMs)
    assert.deepEqual(explainPlan(made), [
      'fetch-blob digits v3: v3 is not on this disk',
      'then start-model digits v3: the site spec asks for it instead of v2',
      'then switch-model digits v3: it answered its self-test',
      'then drain-old digits v2-process: v2 finishes what it has',
    ])
  })
})

describe('assessSite', () => {
  const assess = (current: CurrentSite, wanted?: TargetSite, failures: FailedContent[] = []) => {
    const made = assessSite(deepFreeze(current), deepFreeze(wanted), deepFreeze(failures))
    const layers = made.layers.map((layer) => `${layer.name} ${layer.version} ${layer.state}`)
    return `${made.health} ${made.isSettled ? 'settled' : 'moving'}: ${layers.join(', ')}`
  }

  it('is unknown before a spec came and while the first model loads', () => {
    assert.equal(assess(empty), 'Unknown moving: ')
    assert.equal(
      assess({ ...open, models: [running('v1', { phase: 'Loading' })] }, target(model('v1'))),
      'Unknown moving: digits v1 Starting',
    )
  })

  it('is healthy while an update is on its way', () => {
    assert.equal(assess(v2Serves, target(model('v2'))), 'Healthy settled: digits v2 Running')
    assert.equal(assess(v2Serves, target(model('v3'))), 'Healthy moving: digits v2 Running')
  })

  it('is degraded when the new one was refused and the old serves', () => {
    assert.equal(
      assess(v2Serves, target(model('v3')), [failed('v3')]),
      'Degraded settled: digits v2 Running',
    )
  })

  it('is failed when a layer does not run', () => {
    assert.equal(
      assess(open, target(model('v1')), [failed('v1')]),
      'Failed settled: digits v1 Failed',
    )
    const crashing = { ...v2Serves, models: [running('v2', { phase: 'Ended', crashes: 3 })] }
    assert.equal(assess(crashing, target(model('v2'))), 'Failed settled: digits v2 Failed')
  })
})

describe('files that will be wanted', () => {
  const ahead = (isOpen: boolean, ...layers: SiteLayer[]): TargetSite => ({
    ...target(model('v1')),
    prefetch: { isOpen, layers },
  })
  const serving: CurrentSite = {
    ...open,
    blobs: [digestOf('v1')],
    models: [running('v1')],
    applied: { epoch: 1, revision: 7 },
  }

  it('are fetched while that is allowed, and what serves goes on', () => {
    assert.deepEqual(plan(serving, ahead(true, model('v2'))), ['fetch-blob digits v2'])
  })

  it('are not fetched while that is not allowed, and what is here of them stays', () => {
    const half = { ...serving, partials: [digestOf('v2')] }
    assert.deepEqual(plan(half, ahead(false, model('v2'))), [])
    assert.deepEqual(plan(half, target(model('v1'))), [`remove-file ${stepDigest('v2')}`])
  })

  it('are not fetched twice, and stay once they are here', () => {
    const fetching = [{ digest: digestOf('v2'), receivedBytes: 1 }]
    assert.deepEqual(plan({ ...serving, fetching }, ahead(true, model('v2'))), [])
    const here = { ...serving, blobs: [digestOf('v1'), digestOf('v2')] }
    assert.deepEqual(plan(here, ahead(true, model('v2'))), [])
    assert.deepEqual(plan(here, ahead(false, model('v2'))), [])
  })

  it('come after what was asked for', () => {
    const steps = plan({ ...open, blobs: [digestOf('v1')] }, ahead(true, model('v2')))
    assert.equal(steps[0], 'start-model digits v1')
    assert.ok(steps.includes('fetch-blob digits v2'))
  })
})
