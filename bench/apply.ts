// Who manages which fields: what it costs to keep that while objects of about 4 kB are written.
import { applyConfiguration } from '../packages/api/src/managed-fields/apply-configuration.ts'
import { trackUpdate } from '../packages/api/src/managed-fields/track-update.ts'
import { siteKind } from '../packages/api/src/kinds/site.ts'
import type { KubeObject, StoredObject } from '../packages/api/src/object.ts'
import { prepareCreate, prepareUpdate } from '../packages/api/src/prepare.ts'
import { writeResults } from './lib-results.ts'

const nowMs = Date.parse('2026-11-21T12:00:00Z')
const warmupRuns = 2_000
const measuredRuns = 5_000

type Row = { what: string; objectBytes: number; p50Us: number; p99Us: number }

export function run(): void {
  const before = site()
  const config = configOf(before)
  const applied = applyConfiguration(siteKind, undefined, config, applier('git'))
  const stored = prepareCreate(siteKind, applied, {
    nowMs,
    uid: 'u-1',
    suffix: 'abcde',
    options: { isApplied: true },
  })
  const objectBytes = JSON.stringify(stored).length
  const changed = (n: number): KubeObject => ({
    ...stored,
    spec: { ...(stored['spec'] as object), displayName: `Store ${n}` },
  })
  const rows: Row[] = [
    measure('track an update', (n) => trackUpdate(siteKind, stored, changed(n), writer('kubectl'))),
    measure('an update without tracking', (n) =>
      prepareUpdate(siteKind, stored, changed(n), { nowMs }),
    ),
    measure('an update with tracking', (n) =>
      prepareUpdate(siteKind, stored, changed(n), { nowMs, fieldManager: 'kubectl' }),
    ),
    measure('an apply of all that changes one field', (n) =>
      applyConfiguration(siteKind, stored, configOf(changed(n)), applier('git')),
    ),
    measure('an apply of all that changes nothing', () =>
      applyConfiguration(siteKind, stored, config, applier('git')),
    ),
    measure('an apply of one field by another', (n) =>
      applyConfiguration(siteKind, stored, configOf(small(n)), applier('other')),
    ),
  ].map((row) => ({ ...row, objectBytes }))
  console.table(rows)
  writeResults('apply', rows)
}

const writer = (manager: string) => ({ manager, subresource: '', nowMs })
const applier = (manager: string) => ({ ...writer(manager), force: false })

/** A site of about 4 kB, most of it variables and labels. */
function site(): StoredObject {
  const variables = Object.fromEntries(
    Array.from({ length: 60 }, (_, n) => [`variable-${n}`, `value of variable ${n}`]),
  )
  const labels = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [`label-${n}`, `value-${n}`]),
  )
  const object = {
    metadata: { name: 'oslo', namespace: 'default', labels },
    spec: { displayName: 'Store', timeZone: 'Europe/Oslo', variables },
  }
  return prepareCreate(siteKind, object, { nowMs, uid: 'u-1', suffix: 'abcde' })
}

const small = (n: number): KubeObject => ({
  apiVersion: '',
  kind: '',
  metadata: { name: 'oslo', namespace: 'default' },
  spec: { variables: { mine: `${n}` } },
})

function configOf({ metadata, spec }: KubeObject): Record<string, unknown> {
  const { name, namespace, labels } = metadata
  return {
    apiVersion: 'skerry.dev/v1alpha1',
    kind: 'Site',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    spec,
  }
}

function measure(what: string, act: (n: number) => unknown): Omit<Row, 'objectBytes'> {
  for (let n = 0; n < warmupRuns; n += 1) act(n)
  const tookUs = Array.from({ length: measuredRuns }, (_, n) => {
    const startMs = performance.now()
    act(n)
    return (performance.now() - startMs) * 1000
  }).sort((left, right) => left - right)
  const at = (share: number) => Number(tookUs[Math.floor(share * (measuredRuns - 1))]!.toFixed(1))
  return { what, p50Us: at(0.5), p99Us: at(0.99) }
}

if (import.meta.main) run()
