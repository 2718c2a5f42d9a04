import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modelKind } from '@skerry/api/kinds/model'
import type { ModelInspection } from '@skerry/api/model-server-protocol'
import { isApiError } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'
import { seededRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { createModelAdmission } from './model-admission.ts'

const digest = `sha256:${'a'.repeat(64)}`
const who = { user: { name: 'ada', groups: [] }, dryRun: false }
const signature = {
  inputs: [{ name: 'image', datatype: 'FP32' as const, shape: [-1, 28, 28] }],
  outputs: [{ name: 'probabilities', datatype: 'FP32' as const, shape: [-1, 10] }],
}

const version = (name: string) => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'ModelVersion',
  metadata: { name: `digits-${name}`, namespace: 'default' },
  spec: {
    model: 'digits',
    version: name,
    repository: 'models/default/digits',
    manifestDigest: digest,
    digest,
    sizeBytes: 10,
  },
})

function door(inspection: ModelInspection, sizeBytes: number | undefined = 10) {
  const state = createMemoryState({ clock: systemClock, random: seededRandom(1) })
  const admit = createModelAdmission({
    state,
    findBlob: async () => (sizeBytes === undefined ? undefined : { path: '/blob', sizeBytes }),
    inspect: async () => inspection,
  })
  return { state, admit }
}

const refused = (pattern: RegExp) => (error: unknown) =>
  isApiError(error, 'Invalid') && pattern.test(error.message)

test('the first version makes the promise of the model, later ones are held to it', async () => {
  const { state, admit } = door({ ok: true, signature, selfTestMs: 1 })
  const admitted = await admit('create', version('v1'), undefined, who)
  assert.deepEqual((admitted['spec'] as { signature: unknown }).signature, signature)
  const model = await state.get(modelKind, { namespace: 'default', name: 'digits' })
  assert.deepEqual(model?.spec.signature, signature)

  const small = { ...signature, inputs: [{ ...signature.inputs[0]!, shape: [-1, 14, 14] }] }
  const strict = createModelAdmission({
    state,
    findBlob: async () => ({ path: '/blob', sizeBytes: 10 }),
    inspect: async () => ({ ok: true, signature: small, selfTestMs: 1 }),
  })
  await assert.rejects(
    strict('create', version('v2'), undefined, who),
    refused(/image is FP32 \[any, 14, 14\], but the model promises FP32 \[any, 28, 28\]/),
  )
})

test('a file that cannot serve is refused in the words of the inspection', async () => {
  const { state, admit } = door({
    ok: false,
    reason: 'NotAModel',
    message: 'It is not an ONNX model.',
  })
  await assert.rejects(
    admit('create', version('v1'), undefined, who),
    refused(/spec\.digest: Invalid value: .*It is not an ONNX model/),
  )
  assert.equal(await state.get(modelKind, { namespace: 'default', name: 'digits' }), undefined)
})

test('a file that is not in the registry, or has another size, is refused', async () => {
  const good: ModelInspection = { ok: true, signature, selfTestMs: 1 }
  await assert.rejects(
    door(good, -1).admit('create', version('v1'), undefined, who),
    refused(/the file in the registry has -1 bytes/),
  )
  const absent = createModelAdmission({
    state: door(good).state,
    findBlob: async () => undefined,
    inspect: async () => good,
  })
  await assert.rejects(
    absent('create', version('v1'), undefined, who),
    refused(/is not in the registry: push the file first/),
  )
})
