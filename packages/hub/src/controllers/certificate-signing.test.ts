import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CertificateSigningRequest,
  certificateSigningRequestKind as kind,
} from '@skerry/api/kinds/certificate-signing-request'
import { seededRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { createCertificateSigningController } from './certificate-signing.ts'

const hourMs = 3_600_000
const pem = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n').toString('base64')

async function startedWorld() {
  const clock = createSteppedClock(Date.parse('2026-11-21T12:00:00Z'))
  const state = createMemoryState({ clock, random: seededRandom(1) })
  let signed = 0
  const controller = createCertificateSigningController({
    signClient: async () => ({ ok: true, certificate: `certificate ${(signed += 1)}` }),
    notAfterOf: () => clock.now() + 10 * hourMs,
    clock,
  })
  const view = { state, cached: { get: () => undefined, list: () => [] } }
  return {
    state,
    clock,
    signed: () => signed,
    look: (name: string) => controller.reconcile(name, view),
    make: (name: string, spec: object = {}) =>
      state.create(kind, {
        metadata: { name },
        spec: {
          request: pem,
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages: ['client auth'],
          ...spec,
        },
      }),
    decide: async (name: string, type: string) => {
      const found = (await state.get(kind, { name })) as CertificateSigningRequest
      const lastUpdateTime = new Date(clock.now()).toISOString()
      const conditions = [{ type, status: 'True', lastUpdateTime }]
      await state.update(kind, { ...found, status: { conditions } }, { subresource: 'status' })
    },
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  }
}

test('what is approved is signed once, and stays an hour', async () => {
  await using world = await startedWorld()
  await world.make('jane')
  assert.deepEqual(await world.look('jane'), { againAfterMs: 24 * hourMs })
  assert.equal(world.signed(), 0)
  await world.decide('jane', 'Approved')
  assert.deepEqual(await world.look('jane'), { againAfterMs: hourMs })
  assert.deepEqual(await world.look('jane'), { againAfterMs: hourMs })
  assert.equal(world.signed(), 1)
  await world.clock.advance(hourMs)
  assert.equal(await world.look('jane'), undefined)
  assert.equal(await world.state.get(kind, { name: 'jane' }), undefined)
  assert.equal(await world.look('jane'), undefined)
})

test('what is denied, or for another signer, is not signed', async () => {
  await using world = await startedWorld()
  await world.make('denied')
  await world.decide('denied', 'Denied')
  await world.make('other', { signerName: 'example.com/vault' })
  await world.decide('other', 'Approved')
  for (const name of ['denied', 'other']) await world.look(name)
  assert.equal(world.signed(), 0)
})

test('what nobody decides is forgotten after a day', async () => {
  await using world = await startedWorld()
  await world.make('lonely')
  await world.clock.advance(24 * hourMs - 1000)
  assert.deepEqual(await world.look('lonely'), { againAfterMs: 1000 })
  await world.clock.advance(1000)
  await world.look('lonely')
  assert.equal(await world.state.get(kind, { name: 'lonely' }), undefined)
})
