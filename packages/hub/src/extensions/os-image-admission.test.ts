import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { osImagePayloadType } from '@skerry/api/os/os-image-description'
import { isApiError } from '@skerry/api/status'
import { digestOf } from '@skerry/artifact/digest-of'
import { signEnvelope } from '@skerry/artifact/dsse'
import { createOsImageAdmission } from './os-image-admission.ts'

const who = { user: { name: 'ada', groups: [] }, dryRun: false }
const { privateKey } = generateKeyPairSync('ed25519')
const keyid = 'a'.repeat(64)
const file = (letter: string) => ({ digest: `sha256:${letter.repeat(64)}`, sizeBytes: 10 })

const description = {
  schematic: `sha256:${'5'.repeat(64)}`,
  imageId: 'ab'.repeat(16),
  version: '2.0.0',
  architecture: 'x64',
  rootHash: 'c'.repeat(64),
  root: file('1'),
  kernel: file('2'),
  kernelVersion: '6.12',
  slotBytes: 20,
}

function envelopeOf(payload: object, payloadType = osImagePayloadType): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(payload))
  return Buffer.from(JSON.stringify(signEnvelope(payloadType, bytes, { privateKey, keyid })))
}

function push(envelope: Uint8Array, spec: object = {}, blobs: readonly string[] = ['1', '2']) {
  const kept = new Map<string, number>(blobs.map((letter) => [file(letter).digest, 10]))
  kept.set(digestOf(envelope), envelope.length)
  const admit = createOsImageAdmission({
    sizeOf: async (digest) => kept.get(digest),
    read: async (digest) => (digest === digestOf(envelope) ? envelope : undefined),
  })
  const object = {
    apiVersion: 'skerry.dev/v1alpha1',
    kind: 'OSImage',
    metadata: { name: 'till-2', namespace: 'default' },
    spec: {
      repository: 'os/default/till',
      manifestDigest: file('9').digest,
      envelope: { digest: digestOf(envelope), sizeBytes: envelope.length },
      keyid,
      description,
      ...spec,
    },
  }
  return admit('create', object, undefined, who)
}

const refused = (pattern: RegExp) => (error: unknown) =>
  isApiError(error, 'Invalid') && pattern.test(error.message)

test('an image is let in when its files are there and its signed description says the same', async () => {
  const admitted = await push(envelopeOf(description))
  assert.equal(admitted.metadata.name, 'till-2')
})

test('files that are missing or of another size are named', async () => {
  await assert.rejects(
    push(envelopeOf(description), {}, ['1']),
    refused(/spec\.description\.kernel\.digest: .*is not in the registry/),
  )
  const other = { ...description, root: { ...file('1'), sizeBytes: 11 } }
  await assert.rejects(
    push(envelopeOf(other), { description: other }),
    refused(/spec\.description\.root\.sizeBytes: .*has 10 bytes/),
  )
})

test('an object that says something else than its signed description is refused', async () => {
  await assert.rejects(
    push(envelopeOf({ ...description, version: '3.0.0' })),
    refused(/is not what the signed description says/),
  )
  await assert.rejects(
    push(envelopeOf(description), { keyid: 'b'.repeat(64) }),
    refused(/did not sign/),
  )
})

test('what is no envelope of an image is refused, whatever it is', async () => {
  for (const bytes of [
    Buffer.from('{'),
    Buffer.from('null'),
    Buffer.from('{"__proto__":1}'),
    Buffer.alloc(64),
    envelopeOf(description, 'application/vnd.skerry.sitespec.v1alpha1+json'),
  ])
    await assert.rejects(push(bytes), refused(/is no DSSE envelope/))
})
