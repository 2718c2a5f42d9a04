import { strict as assert } from 'node:assert'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Digest } from '@skerry/base/digest'
import { openBlobStore } from './blob-store.ts'
import { digestOf } from './digest-of.ts'
import { uploadIdleMs } from './limits.ts'
import { StorageError, tellStorageErrors } from './storage-error.ts'

let dir: string
let nowMs = 0
const clock = { now: () => nowMs }
const open = (blobBytesMax?: number) =>
  openBlobStore({ dir, clock, ...(blobBytesMax === undefined ? {} : { blobBytesMax }) })

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-blobs-'))
  nowMs = 1_700_000_000_000
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}
const textOf = async (source: AsyncIterable<Buffer>) =>
  Buffer.concat(await Array.fromAsync(source)).toString()
const hello = digestOf('hello world')

test('what is put is there under its digest, whole and in ranges', async () => {
  const blobs = await open()
  assert.deepEqual(await blobs.put(pieces('hello ', 'world'), hello), {
    ok: true,
    digest: hello,
    sizeBytes: 11,
  })
  assert.deepEqual(await blobs.stat(hello), { sizeBytes: 11 })
  assert.equal(await textOf(blobs.read(hello)), 'hello world')
  assert.equal(await textOf(blobs.read(hello, { start: 6, end: 8 })), 'wor')
  assert.equal((await blobs.readWhole(hello, 100))?.toString(), 'hello world')
  assert.equal(await blobs.readWhole(hello, 5), undefined)
  assert.equal(await blobs.delete(hello), true)
  assert.equal(await blobs.stat(hello), undefined)
  assert.equal(await blobs.delete(hello), false)
})

test('a wrong digest, a size past the limit and a broken source leave nothing behind', async () => {
  const blobs = await open(8)
  const wrong = await blobs.put(pieces('abc'), hello)
  assert.equal(!wrong.ok && wrong.reason, 'WrongDigest')
  const large = await blobs.put(pieces('hello ', 'world'))
  assert.equal(!large.ok && large.reason, 'TooLarge')
  const broken = async function* () {
    yield Buffer.from('x')
    throw new Error('cable')
  }
  await assert.rejects(blobs.put(broken()), /cable/)
  assert.deepEqual(await readdir(join(dir, 'incoming')), [])
  await assert.rejects(async () => blobs.stat('sha256:../../etc/passwd' as Digest), /not a digest/)
})

test('an upload in pieces goes on after a restart; what a crash left half written is cleared', async () => {
  const before = await open()
  const id = (await before.uploads.begin())!
  assert.deepEqual(await before.uploads.append(id, 0, pieces('hello ')), { ok: true, offset: 6 })
  await writeFile(join(dir, 'incoming', 'x.part'), 'half')

  const blobs = await open()
  assert.deepEqual(await readdir(join(dir, 'incoming')), [])
  assert.equal(await blobs.uploads.offset(id), 6)
  assert.deepEqual(await blobs.uploads.append(id, 3, pieces('x')), {
    ok: false,
    reason: 'WrongOffset',
    offset: 6,
  })
  assert.equal((await blobs.uploads.append(id, 6, pieces('world'))).ok, true)
  assert.deepEqual(await blobs.uploads.finish(id, hello), { ok: true, offset: 11 })
  assert.equal(await textOf(blobs.read(hello)), 'hello world')
  assert.equal(await blobs.uploads.offset(id), undefined)
})

test('an upload with a wrong digest is thrown away; ids that are paths are unknown', async () => {
  const { uploads } = await open()
  const id = (await uploads.begin())!
  await uploads.append(id, undefined, pieces('abc'))
  assert.deepEqual(await uploads.finish(id, hello), { ok: false, reason: 'WrongDigest', offset: 3 })
  assert.equal(await uploads.offset(id), undefined)
  for (const bad of [id, '../incoming', '', 'x'.repeat(5000)])
    assert.deepEqual(await uploads.append(bad, 0, pieces('x')), {
      ok: false,
      reason: 'UnknownUpload',
      offset: 0,
    })
})

test('one writer at a time, and a limit on size and number', async () => {
  const { uploads } = await open(4)
  const id = (await uploads.begin())!
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const slow = async function* () {
    begun.resolve()
    yield Buffer.from('a')
    await gate.promise
  }
  const first = uploads.append(id, 0, slow())
  await begun.promise
  const second = await uploads.append(id, 0, pieces('b'))
  assert.equal(!second.ok && second.reason, 'Busy')
  gate.resolve()
  assert.equal((await first).ok, true)
  const large = await uploads.append(id, 1, pieces('abcdef'))
  assert.equal(!large.ok && large.reason, 'TooLarge')
  while ((await uploads.begin()) !== undefined) continue
  assert.equal((await readdir(join(dir, 'uploads'))).length, 64)
  nowMs += uploadIdleMs + 1
  assert.notEqual(await uploads.begin(), undefined)
  assert.equal((await readdir(join(dir, 'uploads'))).length, 1)
})

test('a full and a read-only disk are told in a sentence', async () => {
  for (const [code, reason] of [
    ['ENOSPC', 'DiskFull'],
    ['EROFS', 'ReadOnly'],
  ] as const)
    await assert.rejects(
      tellStorageErrors('/data', () => Promise.reject(Object.assign(new Error('x'), { code }))),
      (error) =>
        error instanceof StorageError &&
        error.reason === reason &&
        error.message.startsWith('/data'),
    )
  await assert.rejects(
    tellStorageErrors('/data', () => Promise.reject(new Error('other'))),
    /other/,
  )
})
