import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusReport } from '@skerry/api/device-protocol'
import type { ResolvedLayer } from '@skerry/api/kinds/layer'
import type { ModelVersion } from '@skerry/api/kinds/model'
import type { Site, SiteStatus } from '@skerry/api/kinds/site'
import { blobsOf, composeSiteSpec } from './compose-site-spec.ts'
import { layerConflicts } from './layer-conflicts.ts'
import { renderLayers } from './render-layers.ts'
import { siteFieldsOf } from './report-fields.ts'
import { newestVersion, resolveLayers } from './resolve-layers.ts'
import { presenceFields } from './site-reports.ts'
import { syncOf } from './site-sync.ts'

const workload = { command: ['feed', '--line=${site.LINE}'], environment: {}, stopGraceSeconds: 10 }
const feeder: ResolvedLayer = { name: 'feeder', type: 'workload', digest: 'sha256:w', workload }
const digits: ResolvedLayer = {
  name: 'digits',
  type: 'model',
  digest: 'sha256:m',
  model: {
    name: 'digits',
    version: 'v1',
    repository: 'models/default/digits',
    manifestDigest: 'sha256:x',
    sizeBytes: 1,
  },
}

function site(status: SiteStatus, variables: Record<string, string> = { LINE: '7' }): Site {
  return { spec: { variables, telemetry: { intervalSeconds: 2 } }, status } as unknown as Site
}

function version(name: string, second: number, resourceVersion = '1'): ModelVersion {
  return {
    metadata: {
      name: `digits-${name}`,
      creationTimestamp: `2026-11-21T12:00:0${second}Z`,
      resourceVersion,
    },
    spec: { ...digits.model!, model: 'digits', version: name, digest: `sha256:${name}` },
  } as unknown as ModelVersion
}

test('the newest version is the last that was made', () => {
  assert.equal(newestVersion([]), undefined)
  const same = [version('v2', 1, '9'), version('v10', 1, '12'), version('v1', 0, '99')]
  assert.equal(newestVersion(same)?.spec.version, 'v10')
})

test('a layer takes the version that it names, or the newest, or says what is missing', () => {
  const versions = { versions: [version('v1', 0), version('v2', 1)], images: [] }
  const layer = (model: object) => [{ name: 'digits', type: 'model' as const, model }] as never
  const newest = resolveLayers(layer({ name: 'digits' }), versions)
  assert.equal(newest.ok && newest.layers[0]?.digest, 'sha256:v2')
  const named = resolveLayers(layer({ name: 'digits', version: 'v1', port: 9000 }), versions)
  assert.deepEqual(named.ok && [named.layers[0]?.digest, named.layers[0]?.model?.port], [
    'sha256:v1',
    9000,
  ])
  const missing = resolveLayers(layer({ name: 'digits', version: 'v7' }), versions)
  assert.match(missing.ok ? '' : missing.message, /model digits has no version v7/)
  const none = resolveLayers(layer({ name: 'faces' }), versions)
  assert.match(none.ok ? '' : none.message, /faces has no version yet: push one/)
})

test('an OS layer carries what the machine needs, and names an image that is there', () => {
  const file = (letter: string) => ({ digest: `sha256:${letter}`, sizeBytes: 4096 })
  const image = {
    metadata: { name: 'till-2' },
    spec: {
      manifestDigest: 'sha256:m',
      repository: 'os/default/till',
      envelope: file('e'),
      description: { version: '2.0.0', imageId: 'ab', root: file('r'), kernel: file('k') },
    },
  } as never
  const health = { deadlineSeconds: 60, services: [], commands: [] }
  const layers = [{ name: 'base', type: 'os', os: { image: 'till-2', health } }] as never
  const resolved = resolveLayers(layers, { versions: [], images: [image] })
  assert.ok(resolved.ok)
  assert.deepEqual(resolved.layers, [
    {
      name: 'base',
      type: 'os',
      digest: 'sha256:m',
      os: {
        image: 'till-2',
        version: '2.0.0',
        imageId: 'ab',
        repository: 'os/default/till',
        envelope: file('e'),
        root: file('r'),
        kernel: file('k'),
        health,
      },
    },
  ])
  const content = {
    layers: [{ ...resolved.layers[0]!, attempt: 0 }],
    timeZone: 'UTC',
    telemetryIntervalSeconds: 2,
  }
  assert.deepEqual(blobsOf(content), ['sha256:e', 'sha256:k', 'sha256:m', 'sha256:r'])
  const none = resolveLayers(layers, { versions: [], images: [] })
  assert.match(none.ok ? '' : none.message, /layer base: there is no OSImage till-2: push it/)
})

test('variables are filled in, give a digest of their own, and are named when missing', () => {
  const one = renderLayers([digits, feeder], { LINE: '7' })
  const two = renderLayers([digits, feeder], { LINE: '8' })
  assert.ok(one.ok && two.ok)
  assert.deepEqual(one.layers[1]?.workload?.command, ['feed', '--line=7'])
  assert.notEqual(one.layers[1]?.digest, two.layers[1]?.digest)
  assert.equal(one.layers[0]?.digest, 'sha256:m')
  for (const variables of [{}, { line: '7' }, JSON.parse('{"x":"1"}') as Record<string, string>]) {
    const none = renderLayers([feeder], variables)
    assert.match(none.ok ? '' : none.message, /no value for \$\{site\.LINE\}/)
  }
  const hostile = { ...feeder, workload: { ...workload, command: ['${site.__proto__}'] } }
  assert.equal(renderLayers([hostile], {}).ok, false)
  const nested = renderLayers([feeder], { LINE: '${site.LINE}' })
  assert.deepEqual(nested.ok && nested.layers[0]?.workload?.command, [
    'feed',
    '--line=${site.LINE}',
  ])
})

test('a site spec holds the layers of all fleets, each with its attempt', () => {
  const assigned = [
    { fleet: 'a', profileRevision: 'r1', attempt: 0 },
    { fleet: 'b', profileRevision: 'r2', attempt: 3 },
  ]
  const layersOf = (name: string) => ({ r1: [digits], r2: [feeder] })[name]
  const composed = composeSiteSpec(site({ assigned }), layersOf)
  assert.ok(composed.ok)
  assert.deepEqual(
    composed.content.layers.map(({ name, attempt }) => [name, attempt]),
    [
      ['digits', 0],
      ['feeder', 3],
    ],
  )
  assert.deepEqual(blobsOf(composed.content), ['sha256:m', 'sha256:x'])
  const clash = composeSiteSpec(site({ assigned }), () => [digits])
  assert.match(clash.ok ? '' : clash.message, /Layer digits comes from fleets a and b/)
  const gone = composeSiteSpec(site({ assigned }), () => undefined)
  assert.match(gone.ok ? '' : gone.message, /r1 of fleet a does not exist/)
})

const report: StatusReport = {
  bootId: 'b',
  sequence: 1,
  agentVersion: '0.1.0',
  architecture: 'x64',
  health: 'Healthy',
  applied: { epoch: 1, revision: 4 },
  isSettled: true,
  layers: [
    { name: 'digits', type: 'model', version: 'v2', state: 'Running' },
    { name: 'faces', type: 'model', version: 'v1', state: 'Failed' },
    { name: 'feeder', type: 'workload', state: 'Running' },
  ],
  failed: [],
}

test('the same report again is no change, and models that do not answer are not listed', () => {
  const first = siteFieldsOf(report, 'd', { before: undefined, nowMs: 1000 })
  assert.equal(first.models, 'digits v2')
  const before = first as SiteStatus
  assert.deepEqual(siteFieldsOf(report, 'd', { before, nowMs: 99_000 }), first)
  const next = { ...report, applied: { epoch: 1, revision: 5 } }
  const after = siteFieldsOf(next, 'd', { before, nowMs: 99_000 })
  assert.equal(after.applied?.time, '1970-01-01T00:01:39Z')
})

test('presence moves its times only when something changes, or after half a minute', () => {
  const at = (seconds: number) => ({ nowMs: seconds * 1000, seenMs: seconds * 1000 })
  const online = presenceFields(undefined, 'Online', at(0))
  assert.deepEqual(presenceFields(online, 'Online', at(20)), online)
  const later = presenceFields(online, 'Online', at(31))
  assert.equal(later.connectivityChangedTime, online.connectivityChangedTime)
  assert.equal(later.lastSeenTime, '1970-01-01T00:00:31Z')
  const gone = presenceFields(later, 'Offline', { nowMs: 60_000, seenMs: 45_000 })
  assert.deepEqual(
    [gone.connectivityChangedTime, gone.lastSeenTime],
    ['1970-01-01T00:01:00Z', '1970-01-01T00:00:45Z'],
  )
})

test('sync tells applied, applying, parked, failed and impossible apart', () => {
  const applied = { epoch: 1, revision: 1, time: 't' }
  const desired = { epoch: 1, revision: 2 }
  const content = {
    layers: [{ ...digits, attempt: 1 }],
    timeZone: 'UTC',
    telemetryIntervalSeconds: 2,
  }
  const failed = [{ layer: 'digits', digest: 'sha256:m', attempt: 1, message: 'no' }]
  const sync = (status: SiteStatus) => syncOf(site(status), content).sync
  assert.equal(sync({}), 'Synced')
  assert.equal(sync({ desired, applied: { ...applied, revision: 2 } }), 'Synced')
  assert.equal(sync({ desired, applied, connectivity: 'Online' }), 'Progressing')
  assert.equal(sync({ desired, applied, connectivity: 'Offline' }), 'Parked')
  assert.equal(sync({ desired, applied, connectivity: 'Online', failed }), 'OutOfSync')
  const earlier = [{ ...failed[0]!, attempt: 0 }]
  assert.equal(sync({ desired, applied, connectivity: 'Online', failed: earlier }), 'Progressing')
  assert.equal(sync({ desired: { ...desired, message: 'why' } }), 'OutOfSync')
})

test('fleets are in conflict only over one layer of one site', () => {
  const own = { fleet: 'a', sites: new Set(['x', 'y']), layers: ['digits'] }
  const other = (sites: string[], layers: string[]) => [
    { fleet: 'b', sites: new Set(sites), layers },
  ]
  assert.deepEqual(layerConflicts(own, other(['z'], ['digits'])), [])
  assert.deepEqual(layerConflicts(own, other(['x'], ['faces'])), [])
  assert.match(layerConflicts(own, other(['y'], ['faces', 'digits']))[0] ?? '', /to site y/)
})
