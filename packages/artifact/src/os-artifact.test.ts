import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type OsImageDescription, osImagePayloadType } from '@skerry/api/os/os-image-description'
import { digestOf } from './digest-of.ts'
import { verifyEnvelope } from './dsse.ts'
import { keyIdOf, trustedKeyOf } from './key-id.ts'
import { parseManifest } from './oci-manifest.ts'
import { buildOsArtifact } from './os-artifact.ts'

const file = (letter: string) => ({ digest: digestOf(letter), sizeBytes: 1 })
const description: OsImageDescription = {
  schematic: digestOf('schematic'),
  imageId: '0123456789abcdef0123456789abcdef',
  version: '1.0.0',
  architecture: 'x64',
  rootHash: 'a'.repeat(64),
  root: file('root'),
  kernel: file('kernel'),
  kernelVersion: '6.12.0',
  slotBytes: 8192,
}

test('the manifest names every part, and its config is the signed description', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = { privateKey, keyid: keyIdOf(publicKey) }
  const files = { sbom: file('sbom'), provenance: file('provenance') }
  const artifact = buildOsArtifact(description, files, key)
  assert.deepEqual(buildOsArtifact(description, files, key), artifact, 'equal input, equal bytes')
  const parsed = parseManifest(artifact.manifest)
  assert.ok(parsed.ok)
  assert.equal(digestOf(artifact.manifest), artifact.manifestDigest)
  assert.deepEqual(
    parsed.manifest.layers.map(({ digest }) => digest),
    [description.root, description.kernel, files.sbom, files.provenance].map(
      ({ digest }) => digest,
    ),
  )
  assert.equal(parsed.manifest.config.digest, digestOf(artifact.config))
  const verified = verifyEnvelope(
    JSON.parse(Buffer.from(artifact.config).toString()),
    [trustedKeyOf(publicKey)],
    osImagePayloadType,
  )
  assert.ok(verified.ok)
  assert.deepEqual(JSON.parse(Buffer.from(verified.payload).toString()), description)
})
