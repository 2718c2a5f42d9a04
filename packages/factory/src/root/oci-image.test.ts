import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { RegistryTransport } from '@skerry/artifact/registry-transport'
import { systemClock } from '@skerry/base/clock'
import { parseImageReference } from './image-reference.ts'
import { chooseManifest, findOciImage } from './oci-image.ts'
import { tokenAddress, withTokens } from './registry-tokens.ts'
import { RootError } from './root-error.ts'
import { archiveForm, unpackArchive } from './unpack-archive.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const offline: RegistryTransport = async () => {
  throw new Error('no network in this test')
}
const options = { transport: offline, clock: systemClock }

describe('OCI images as bases', () => {
  let dir = ''
  before(async () => void (dir = await mkdtemp(join(tmpdir(), 'oci-'))))
  after(() => rm(dir, { recursive: true }))

  async function layout(name: string, change: (text: string) => string = (text) => text) {
    const blobs = join(dir, name, 'blobs/sha256')
    await mkdir(blobs, { recursive: true })
    const put = async (bytes: Buffer) => {
      await writeFile(join(blobs, sha256(bytes)), bytes)
      return { digest: `sha256:${sha256(bytes)}`, size: bytes.length }
    }
    const layer = await put(gzipSync(Buffer.alloc(1024)))
    const manifest = Buffer.from(
      change(
        JSON.stringify({
          schemaVersion: 2,
          config: layer,
          layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer }],
        }),
      ),
    )
    const described = await put(manifest)
    const other = await put(Buffer.from('{}'))
    const index = Buffer.from(
      JSON.stringify({
        manifests: [
          { ...other, platform: { os: 'linux', architecture: 'arm64' } },
          { ...described, platform: { os: 'linux', architecture: 'amd64' } },
        ],
      }),
    )
    const inner = await put(index)
    await writeFile(join(dir, name, 'index.json'), JSON.stringify({ manifests: [inner] }))
    return { layer, manifest: described, blobs }
  }

  test('the image of this architecture is found in a layout, through indexes', async () => {
    const made = await layout('good')
    const image = await findOciImage('good', dir, options)
    assert.equal(image.digest, made.manifest.digest)
    assert.deepEqual(image.layers, [{ digest: made.layer.digest, sizeBytes: made.layer.size }])
    const chunks: Uint8Array[] = []
    for await (const chunk of image.open(image.layers[0]!)) chunks.push(chunk)
    assert.equal(`sha256:${sha256(Buffer.concat(chunks))}`, made.layer.digest)
  })

  test('what was changed, is no image or has no layers is refused in words', async () => {
    const made = await layout('changed')
    await writeFile(join(made.blobs, made.manifest.digest.slice(7)), '{"layers": []}')
    await assert.rejects(findOciImage('changed', dir, options), /was changed/)
    const cut = await layout('cut')
    const whole = await findOciImage('cut', dir, options)
    await rm(join(cut.blobs, whole.layers[0]!.digest.slice(7)))
    await assert.rejects(async () => {
      for await (const _ of whole.open(whole.layers[0]!));
    }, /is missing: copy the whole layout again/)
    await layout('empty', () => '{"layers": []}')
    await assert.rejects(findOciImage('empty', dir, options), /no image with 1 to 500 layers/)
    await layout('text', () => 'hello')
    await assert.rejects(findOciImage('text', dir, options), /is not JSON/)
    await layout('model', (text) => text.replace('layer.v1.tar+gzip', 'weights'))
    await assert.rejects(findOciImage('model', dir, options), /which is no file system/)
    await assert.rejects(findOciImage('NO SUCH', dir, options), /neither the directory/)
    assert.throws(() => chooseManifest([{}, {}], 'x'), /no image for linux\/amd64 among its 2/)
  })

  test('a registry that wants a token is given one; a redirect is followed without it', async () => {
    const seen: string[] = []
    const text = (body: string, status = 200, headers: Record<string, string> = {}) => ({
      status,
      header: (name: string) => headers[name.toLowerCase()],
      body: (async function* () {
        yield Buffer.from(body)
      })(),
    })
    const transport = withTokens(async ({ url, headers }) => {
      seen.push(`${url} ${headers?.['authorization'] ?? '-'}`)
      if (url.startsWith('https://auth.example')) return text('{"token":"t0k"}')
      if (url.startsWith('https://store.example')) return text('bytes')
      if (headers?.['authorization'] === undefined)
        return text('', 401, {
          'www-authenticate': 'Bearer realm="https://auth.example/token",service="r",scope="pull"',
        })
      return text('', 307, { location: 'https://store.example/blob' })
    })
    const answer = await transport({ method: 'GET', url: 'https://r.example/v2/x' })
    assert.equal(answer.status, 200)
    assert.deepEqual(seen, [
      'https://r.example/v2/x -',
      'https://auth.example/token?service=r&scope=pull -',
      'https://r.example/v2/x Bearer t0k',
      'https://store.example/blob -',
    ])
    for (const challenge of [
      '',
      'Basic realm="x"',
      'Bearer realm="file:///etc/passwd"',
      'Bearer x',
    ])
      assert.equal(tokenAddress(challenge), undefined, challenge)
  })

  test('references are read as container tools write them', () => {
    assert.deepEqual(parseImageReference('debian:trixie'), {
      registry: 'https://registry-1.docker.io',
      repository: 'library/debian',
      reference: 'trixie',
    })
    assert.deepEqual(parseImageReference('localhost:5000/team/os'), {
      registry: 'http://localhost:5000',
      repository: 'team/os',
      reference: 'latest',
    })
    for (const wrong of [
      '',
      'A',
      'a b',
      '../x',
      'a@sha256:1',
      'host.example/',
      'a:b:c',
      'h.example/a:',
    ])
      assert.equal(parseImageReference(wrong), undefined, wrong)
  })

  test('archives are told apart by their bytes, unpacked within a bound, and broken ones said', async () => {
    const body = Buffer.alloc(50_000, 'text ')
    for (const [form, bytes] of [
      ['tar', body],
      ['gzip', gzipSync(body)],
      ['zstd', zstdCompressSync(body)],
    ] as const) {
      const path = join(dir, form)
      await writeFile(path, bytes)
      assert.equal(await archiveForm(path), form)
      const unpacked = await unpackArchive(path, `${path}.out`)
      assert.deepEqual(unpacked, { digest: `sha256:${sha256(bytes)}`, unpackedBytes: body.length })
      // A cut zstd stream just ends: whoever reads the tar finds that it is cut.
      if (form !== 'gzip') continue
      await writeFile(`${path}.cut`, bytes.subarray(0, bytes.length - 20))
      await assert.rejects(unpackArchive(`${path}.cut`, `${path}.cut.out`), RootError, form)
    }
  })
})
