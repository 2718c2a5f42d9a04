import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { digestOf } from './digest-of.ts'
import { buildModelArtifact, parseManifest } from './oci-manifest.ts'

const file = { digest: digestOf('weights'), sizeBytes: 7, path: 'model.onnx' }
const model = { name: 'digits', version: 'v2', format: 'onnx' }

test('a model artifact is read back as it was built, and equal input makes equal bytes', () => {
  const { config, manifest } = buildModelArtifact(model, file)
  const parsed = parseManifest(manifest)
  assert.ok(parsed.ok)
  assert.equal(parsed.manifest.config.digest, digestOf(config))
  const [layer, ...others] = parsed.manifest.layers
  assert.deepEqual([layer?.digest, layer?.size, others], [file.digest, file.sizeBytes, []])
  assert.deepEqual(buildModelArtifact(model, file).manifest, manifest)
})

test('what is no manifest is refused with the field that is wrong', () => {
  const good = JSON.parse(
    Buffer.from(buildModelArtifact(model, file).manifest).toString(),
  ) as Record<string, unknown>
  const cases: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ['{', /is not JSON/],
    [Buffer.from([0xff, 0xfe]), /is not JSON/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    [JSON.stringify({ ...good, schemaVersion: 1 }), /schemaVersion/],
    [JSON.stringify({ ...good, mediaType: 'x' }), /mediaType/],
    [JSON.stringify({ ...good, config: undefined }), /config/],
    [JSON.stringify({ ...good, layers: [{}] }), /layers/],
    [
      JSON.stringify({ ...good, layers: [{ mediaType: 'x', digest: 'sha256:../x', size: 1 }] }),
      /layers/,
    ],
    [JSON.stringify({ ...good, subject: 7 }), /subject/],
    [Buffer.alloc(5 * 2 ** 20, 32), /at most/],
  ]
  for (const [bytes, message] of cases) {
    const parsed = parseManifest(Buffer.from(bytes))
    assert.ok(!parsed.ok)
    assert.match(parsed.message, message)
  }
})
