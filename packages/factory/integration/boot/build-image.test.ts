import assert from 'node:assert/strict'
import { mkdir, mkdtemp, open, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { digestOf, digestOfStream } from '@skerry/artifact/digest-of'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import type { BuildProgress } from '../../src/build/build-progress.ts'
import { SchematicError } from '../../src/build/resolve-schematic.ts'
import { type BuildRequest, buildImage, lockFileOf, planImage } from '../../src/build-image.ts'
import { defaultCacheDirectory } from '../../src/debian/factory-cache.ts'
import { inspectImage } from '../../src/inspect/inspect-image.ts'
import { readTrust } from '../../src/inspect/trust.ts'
import { createKeys } from '../../src/keys/create-keys.ts'
import { authenticodeDigest } from '../../src/pe/authenticode-digest.ts'
import { readArtifact } from '../../src/publish/read-artifact.ts'

const passphrase = 'nine fair winds'
const schematicText = `name: tiny
version: 1.0.0
base: {busybox: true}
modules: [virtio_net, i6300esb]
agent: false
inference: false
files:
  - {path: /etc/motd, content: "made twice\\n"}
slotBytes: 64MiB
espBytes: 96MiB
dataBytes: 64MiB
`
const realCache = defaultCacheDirectory()

/** What a build would have to fetch, which a test does not. */
async function reasonToSkip(): Promise<string | false> {
  const dir = await mkdtemp(join(tmpdir(), 'build-plan-'))
  try {
    await writeFile(join(dir, 'image.yaml'), schematicText)
    await makeKeys(join(dir, 'keys'))
    const plan = await planImage(requestOf(dir, join(dir, 'out'), realCache))
    const missing = plan.sets.filter(({ isUnpacked }) => !isUnpacked).map(({ set }) => set)
    return missing.length === 0
      ? false
      : `needs the packages of ${missing.join(', ')} in the cache: fetch them by \`skerry lab prepare\``
  } finally {
    await rm(dir, { recursive: true })
  }
}

const makeKeys = (dir: string) =>
  createKeys(dir, { name: 'Test', passphrase }, { clock: systemClock, random: systemRandom })

const requestOf = (dir: string, out: string, cacheDirectory: string): BuildRequest => ({
  file: join(dir, 'image.yaml'),
  out,
  keys: join(dir, 'keys'),
  disks: ['raw'],
  passphrase: async () => passphrase,
  cacheDirectory,
  clock: systemClock,
})

const skip = await reasonToSkip()

describe('an image from its schematic', { skip }, () => {
  let dir = ''
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'build-'))
    await writeFile(join(dir, 'image.yaml'), schematicText)
    await makeKeys(join(dir, 'keys'))
  })
  after(() => rm(dir, { recursive: true }))

  /** A cache with the packages of this user's own, and nothing built yet. */
  async function freshCache(name: string): Promise<string> {
    const cache = join(dir, name)
    await mkdir(cache)
    for (const shelf of ['packages', 'trees'])
      await symlink(join(realCache, shelf), join(cache, shelf))
    return cache
  }

  test('two builds in two directories, with two caches, are the same bytes', async () => {
    const [first, second] = [join(dir, 'first'), join(dir, 'deeper/second')]
    await mkdir(join(dir, 'deeper'))
    const one = await buildImage(requestOf(dir, first, await freshCache('cache-1')))
    const two = await buildImage(requestOf(dir, second, await freshCache('cache-2')))
    assert.deepEqual(one, two)
    assert.deepEqual(await digestsOf(first), await digestsOf(second))
    const kernel = await readFile(blobOf(first, one.description.kernel.digest))
    const unsigned = await findFile(join(dir, 'cache-2/roots'), 'unsigned.efi')
    assert.deepEqual(
      authenticodeDigest(kernel),
      authenticodeDigest(await readFile(unsigned)),
      'what is signed is what was built',
    )
  })

  test('a second build takes every step from the cache, and says so', async () => {
    const seen: BuildProgress[] = []
    const begunMs = systemClock.monotonicMs()
    await buildImage({
      ...requestOf(dir, join(dir, 'first'), join(dir, 'cache-1')),
      onProgress: (progress) => seen.push(progress),
    })
    const elapsedMs = systemClock.monotonicMs() - begunMs
    assert.ok(elapsedMs < 10_000, `it took ${elapsedMs} ms`)
    const cached = seen.filter(({ state }) => state === 'Cached').map(({ step }) => step)
    assert.deepEqual(cached, ['kernel modules', 'root file system', 'initrd', 'kernel image'])
    assert.ok(!seen.some(({ step }) => step === 'disk image'), 'the disk is the one that is there')
  })

  test('what came out is whole, signed by its keys, and by no others', async () => {
    const out = join(dir, 'first')
    for (const file of [out, join(out, 'disk.raw')]) {
      const report = await inspectImage(file, await readTrust([join(dir, 'keys')]))
      assert.deepEqual(
        report.findings.filter(({ verdict }) => verdict !== 'ok'),
        [],
        file,
      )
    }
    await makeKeys(join(dir, 'strangers'))
    const strange = await inspectImage(out, await readTrust([join(dir, 'strangers')]))
    assert.equal(strange.ok, false)
    const { name, description, blobs } = await readArtifact(out)
    assert.deepEqual([name, description.version, blobs.length], ['tiny', '1.0.0', 5])
  })

  test('a directory with something else is left alone, and what was changed is put right', async () => {
    const strange = join(dir, 'strange')
    await mkdir(join(strange, 'blobs/sha256'), { recursive: true })
    await writeFile(join(strange, 'blobs/sha256/0123'), 'precious')
    const cache = join(dir, 'cache-1')
    await assert.rejects(buildImage(requestOf(dir, strange, cache)), /holds something else/)
    await writeFile(join(strange, 'index.json'), '{"manifests":[{"digest":"sha256:0"}]}')
    await assert.rejects(buildImage(requestOf(dir, strange, cache)), /holds something else/)
    assert.equal(await readFile(join(strange, 'blobs/sha256/0123'), 'utf8'), 'precious')
    const { blobs } = await readArtifact(join(dir, 'first'))
    await using file = await open(blobs[0]!.file, 'r+')
    await file.write('wrong', 5000)
    await buildImage(requestOf(dir, join(dir, 'first'), cache))
    const report = await inspectImage(join(dir, 'first'), await readTrust([join(dir, 'keys')]))
    assert.equal(report.ok, true)
  })

  test('a disk that a machine was started from is made anew', async () => {
    const out = join(dir, 'first')
    const before = await digestsOf(out)
    await using disk = await open(join(out, 'disk.raw'), 'r+')
    await disk.write('a machine wrote this', 4096)
    await buildImage(requestOf(dir, out, join(dir, 'cache-1')))
    assert.deepEqual(await digestsOf(out), before)
  })

  test('what an image was made of stands in its provenance', async () => {
    const { blobs } = await readArtifact(join(dir, 'first'))
    const texts = await Promise.all(blobs.slice(2).map(({ file }) => readFile(file, 'utf8')))
    const statement = texts
      .map((text) => (JSON.parse(text) as { payload?: string }).payload)
      .map((payload) => Buffer.from(payload ?? '', 'base64').toString())
      .find((text) => text.includes('slsa.dev'))
    for (const name of ['schematic', 'agent', 'initrd', 'packages: kernel-cloud', 'base: busybox'])
      assert.ok(statement?.includes(`"name":"${name}"`), name)
  })

  test('a part that is cut or missing is told before anything is pushed', async () => {
    const out = join(dir, 'deeper/second')
    const { blobs } = await readArtifact(out)
    const root = blobs[0]!.file
    await using file = await open(root, 'r+')
    await file.truncate(4096)
    await assert.rejects(readArtifact(out), /is not whole: .* has 4096 of \d+ bytes/)
    await rm(root)
    await assert.rejects(readArtifact(out), /is missing/)
    await rm(join(out, 'index.json'))
    await assert.rejects(readArtifact(out), /name a directory that/)
  })

  test('a build that is stopped goes on later, and leaves nothing half made under a name that counts', async () => {
    const cache = await freshCache('cache-3')
    const stop = new AbortController()
    await assert.rejects(
      buildImage({
        ...requestOf(dir, join(dir, 'stopped'), cache),
        signal: stop.signal,
        onProgress: ({ step, state }) => {
          if (step === 'root file system' && state === 'Begun') stop.abort(new Error('stopped'))
        },
      }),
      /stopped/,
    )
    const made = await readdir(join(cache, 'roots'))
    assert.deepEqual(
      made.map((name) => name.replace(/-[0-9a-f]{32}$/, '')),
      ['kernel-modules'],
    )
  })

  test('mistakes are told before anything is made', async () => {
    const build = async (text: string) => {
      const other = await mkdtemp(join(dir, 'wrong-'))
      await writeFile(join(other, 'image.yaml'), text)
      return buildImage({
        ...requestOf(other, join(other, 'out'), realCache),
        keys: join(dir, 'keys'),
      })
    }
    await assert.rejects(build('name: a\n'), SchematicError)
    await assert.rejects(build(`${schematicText}packages: [vim]\n`), /image\.yaml:\d+:1: packages:/)
    await assert.rejects(
      build(schematicText.replace('content: "made twice\\n"', 'source: nothing.txt')),
      /nothing\.txt, which the schematic puts at \/etc\/motd, is no file/,
    )
    await assert.rejects(
      build(schematicText.replace('{busybox: true}', '{tar: no.tar}')),
      /no\.tar/,
    )
    await assert.rejects(
      build(schematicText.replace('slotBytes', 'kernel: linux-image-rt-amd64\nslotBytes')),
      /not pinned yet .*image\.lock\.json.*skerry image lock/,
    )
    await assert.rejects(
      build(schematicText.replace('virtio_net', 'no_such_module')),
      /the kernel has no no_such_module/,
    )
    await assert.rejects(
      buildImage({
        ...requestOf(dir, join(dir, 'x'), realCache),
        passphrase: async () => 'another one entirely',
      }),
      /passphrase does not open/,
    )
    assert.equal(lockFileOf('/a/image.yaml'), '/a/image.lock.json')
  })

  const blobOf = (out: string, digest: string) => join(out, 'blobs', ...digest.split(':'))

  async function digestsOf(out: string): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    const files = await readdir(out, { recursive: true, withFileTypes: true })
    for (const entry of files.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name)
      const file = await open(path)
      const { digest } = await digestOfStream(file.createReadStream())
      found[path.slice(out.length)] = digest
    }
    assert.ok(Object.keys(found).length >= 8, digestOf(JSON.stringify(found)))
    return found
  }

  async function findFile(directory: string, name: string): Promise<string> {
    const files = await readdir(directory, { recursive: true })
    return join(
      directory,
      files.find((path) => path.endsWith(`/${name}`))!,
    )
  }
})
