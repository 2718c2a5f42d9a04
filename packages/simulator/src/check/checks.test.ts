import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import { seededRandom } from '@skerry/base/random'
import { updateStatus } from '@skerry/controller/update-status'
import { createMemoryState } from '@skerry/store/memory-state'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import type { SiteMachine } from '../machine/site-machine.ts'
import { falseClaims } from './check-claims.ts'
import { countProblem } from './check-count.ts'
import { createWitness } from './witness.ts'

const rollout = (status: object) =>
  ({ metadata: { name: 'r' }, status: { total: 2, ...status } }) as unknown as Rollout
const sites = [
  { name: 'a', state: 'Updated' },
  { name: 'b', state: 'Parked' },
]

test('the numbers of a rollout make all, or it is told which do not', () => {
  const right = { sites, updated: 1, parked: 1, failed: 0, waiting: 0 }
  assert.equal(countProblem(rollout(right)), undefined)
  assert.match(countProblem(rollout({ ...right, failed: 1 }))!, /are 3, not 2/)
  assert.match(countProblem(rollout({ ...right, sites: sites.slice(1) }))!, /1 sites are listed/)
})

const machineThatRuns = (...commands: string[][]) =>
  ({
    processes: {
      running: new Map(commands.map((command, pid) => [pid, { options: { command } }])),
    },
  }) as unknown as SiteMachine
const siteThatClaims = (connectivity: string) =>
  ({
    status: {
      connectivity,
      layers: [
        { name: 'digits', type: 'model', version: 'v2', digest: 'sha256:2', state: 'Running' },
        { name: 'feeder', type: 'workload', state: 'Running' },
      ],
    },
  }) as unknown as Site

test('a status that claims what does not run is told; of a site that is offline nobody believes it', () => {
  const feeds = ['feed']
  const serves = (digest: string) => ['serve', '--digest', digest]
  const site = siteThatClaims('Online')
  assert.deepEqual(falseClaims(site, machineThatRuns(serves('sha256:2'), feeds)), [])
  assert.deepEqual(falseClaims(site, machineThatRuns(serves('sha256:1'), feeds)), [
    'digits v2 is Running',
  ])
  assert.equal(falseClaims(site, machineThatRuns()).length, 2)
  assert.deepEqual(falseClaims(siteThatClaims('Offline'), machineThatRuns()), [])
})

test('who changes a field of a status that is not theirs is told by name', async () => {
  const clock = createSteppedClock(0)
  await using state = createMemoryState({ clock, random: seededRandom(1) })
  const key = { namespace: 'default', name: 'aarhus' }
  await state.create(siteKind, { metadata: key, spec: {} })
  const told: string[] = []
  const writer = createWitness((message) => told.push(message)).watch(state, ['site-sync'])
  await updateStatus(writer, siteKind, key, () => ({ sync: 'Synced' as const }))
  assert.deepEqual(told, [])
  await updateStatus(writer, siteKind, key, () => ({ sync: 'Synced' as const, models: 'none' }))
  assert.deepEqual(told, ["site-sync wrote Site.status.models, which is site-report's"])
})
