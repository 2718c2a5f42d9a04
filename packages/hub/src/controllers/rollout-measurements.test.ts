import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fleet } from '@skerry/api/kinds/fleet'
import type { ResolvedLayer } from '@skerry/api/kinds/layer'
import type { Rollout } from '@skerry/api/kinds/rollout'
import type { Site } from '@skerry/api/kinds/site'
import { emptySketch } from '@skerry/api/sketch'
import { toTimestamp } from '@skerry/base/clock'
import { createMemoryRollups } from '@skerry/store/memory-rollups'
import { measureWave } from './rollout-measurements.ts'

const second = 1000
const startMs = Date.parse('2026-11-21T12:00:00Z')
const at = (seconds: number) => toTimestamp(startMs + seconds * second)

const layer = (version: string): ResolvedLayer => ({
  name: 'digits',
  type: 'model',
  digest: `sha256:${version}`,
  model: {
    name: 'digits',
    version,
    repository: 'models/default/digits',
    manifestDigest: 'sha256:m',
    sizeBytes: 1,
  },
})

/** The canary began at 0 s, the rest at 100 s. */
const rollout = {
  metadata: { name: 'r', namespace: 'default', creationTimestamp: at(0) },
  spec: { fleet: 'f', revision: 'new', previousRevision: 'old' },
  status: {
    phase: 'Progressing',
    startedTime: at(0),
    wave: 'rest',
    waves: [
      { name: 'canary', sites: ['a'], state: 'Passed', startedTime: at(0) },
      { name: 'rest', sites: ['b'], state: 'Soaking', startedTime: at(100) },
    ],
  },
} as unknown as Rollout
const sites = ['a', 'b'].map((name) => ({ metadata: { name } })) as Site[]

test('a site speaks for the running version until its own wave begins, and not after', async () => {
  const rollups = createMemoryRollups()
  const append = (site: string, version: string, seconds: readonly number[]) =>
    rollups.append({
      siteUid: `${site}-${version}`,
      bootId: 'boot',
      rollups: seconds.map((from, sequence) => ({
        namespace: 'default',
        site,
        model: 'digits',
        version,
        digest: `sha256:${version}`,
        startMs: startMs + from * second,
        endMs: startMs + (from + 10) * second,
        requests: 1,
        errors: 0,
        judged: 0,
        correct: 0,
        latencyMs: emptySketch,
        confidence: emptySketch,
        classes: {},
        sequence,
      })),
    })
  // Before the rollout; while the canary ran; and, of b, while it was already changing.
  await append('a', 'v1', [-60, 40])
  await append('b', 'v1', [-60, 40, 95])
  await append('b', 'v2', [105, 115])

  const [measured] = await measureWave(rollups, {
    fleet: {} as Fleet,
    rollout,
    sites,
    layersOf: (revision) => [layer(revision === 'new' ? 'v2' : 'v1')],
  })
  assert.equal(measured?.running?.requests, 3)
  assert.equal(measured.next.requests, 2)
})
