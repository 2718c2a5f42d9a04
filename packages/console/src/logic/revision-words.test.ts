import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProfileRevision } from '@skerry/api/kinds/profile'
import { changeWords, revisionChanges, revisionWords } from './revision-words.ts'

type Layers = ProfileRevision['spec']['layers']

const revision = (...layers: Layers): ProfileRevision => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'ProfileRevision',
  metadata: {
    name: 'r',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-11-21T13:00:00Z',
  },
  spec: { profile: 'sorting', digest: 'sha256:0', layers },
})
const model = (version: string): Layers[number] => ({
  name: 'reader',
  type: 'model',
  digest: `sha256:${version}`,
  model: {
    name: 'digits',
    version,
    repository: 'models/default/digits',
    manifestDigest: 'sha256:1',
    sizeBytes: 1,
  },
})
const feeder: Layers[number] = { name: 'feeder', type: 'workload', digest: 'sha256:0123456789ab' }

test('only what differs is told', () => {
  const changes = revisionChanges(revision(model('v2'), feeder), revision(model('v3'), feeder))
  assert.equal(changeWords(changes), 'digits v2 → digits v3')
})

test('the first revision, new layers and removed ones', () => {
  assert.equal(changeWords(revisionChanges(undefined, revision(model('v1')))), 'digits v1')
  assert.equal(
    changeWords(revisionChanges(revision(model('v1'), feeder), revision(model('v1')))),
    'feeder removed',
  )
  const other = { ...feeder, digest: 'sha256:ba9876543210' }
  assert.equal(changeWords(revisionChanges(revision(feeder), revision(other))), 'feeder changed')
  assert.equal(changeWords(revisionChanges(undefined, revision(feeder))), 'feeder')
  assert.deepEqual(revisionChanges(revision(feeder), undefined), [])
})

test('a revision that is not known yet goes by its name', () => {
  assert.equal(revisionWords('sorting-1', undefined), 'sorting-1')
  assert.equal(revisionWords('sorting-1', revision(model('v1'), feeder)), 'digits v1')
})
