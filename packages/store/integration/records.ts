// Records for the tests of specs and rollups.
import type { Rollup } from '@skerry/api/metrics'
import type { StoredSpec } from '../src/hub-store.ts'

export function specOf(siteUid: string, epoch: number, revision: number): StoredSpec {
  return {
    siteUid,
    namespace: 'default',
    site: 'oslo',
    epoch,
    revision,
    contentDigest: `sha256:${'0'.repeat(64)}`,
    envelope: '{"payload":"e30=", "signatures":[]}',
    blobs: ['sha256:a', 'sha256:b'],
  }
}

export function rollupOf(startMs: number, more: Partial<Rollup> = {}): Rollup {
  return {
    namespace: 'default',
    site: 'oslo',
    model: 'digits',
    version: 'v1',
    digest: 'sha256:m',
    startMs,
    endMs: startMs + 1000,
    requests: 3,
    errors: 1,
    judged: 2,
    correct: 1,
    latencyMs: { zero: 0, sum: 2, buckets: [1, 2] },
    confidence: { zero: 1, sum: 0, buckets: [] },
    classes: { seven: 2, 'nul \u0000': 1 },
    ...more,
  }
}
