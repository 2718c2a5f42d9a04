import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { describeTools } from './describe-tools.ts'
import { ensureTree, packagesDigest } from './ensure-tree.ts'
import { defaultCacheDirectory, openFactoryCache, packagePath } from './factory-cache.ts'
import { keepWhole } from './keep-whole.ts'
import { packageIndex } from './package-index.ts'
import { clearAbandoned, pruneCache } from './prune-cache.ts'
import { readLock } from './read-lock.ts'

const dayMs = 86_400_000
const nowMs = 1_790_000_000_000
const clock = { now: () => nowMs }

async function withCache(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'skerry-factory-prune-'))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

test('what nothing named for 90 days goes, with what dead builds left; the rest stays', () =>
  withCache(async (directory) => {
    const cache = await openFactoryCache(directory)
    const put = async (path: string, ageDays: number) => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, 'x'.repeat(10))
      const seconds = (nowMs - ageDays * dayMs) / 1000
      await utimes(path, seconds, seconds)
    }
    await put(packagePath(cache, 'a'.repeat(64)), 91)
    await put(packagePath(cache, 'b'.repeat(64)), 89)
    await put(join(cache.roots, 'old.tar'), 100)
    await put(join(cache.incoming, 'x.part'), 2)
    await put(join(cache.incoming, 'y.part'), 0.5)
    assert.deepEqual(await pruneCache(cache, clock), { removed: 3, freedBytes: 30 })
    assert.deepEqual(await pruneCache(cache, clock), { removed: 0, freedBytes: 0 })
    assert.deepEqual(await readdir(cache.incoming), ['y.part'])
    await put(join(cache.incoming, 'killed.tree/root.tar'), 2)
    await utimes(join(cache.incoming, 'killed.tree'), 0, 0)
    await put(packagePath(cache, 'c'.repeat(64)), 200)
    assert.equal((await clearAbandoned(cache, clock)).removed, 1, 'and nothing that is whole')
    assert.deepEqual(await readdir(cache.incoming), ['y.part'])
  }))

test('of two that make the same the first wins; who fails leaves nothing', () =>
  withCache(async (directory) => {
    const cache = await openFactoryCache(directory)
    const path = join(cache.trees, 'one')
    const make = (text: string) => (into: string) => writeFile(join(into, 'file'), text)
    await Promise.all([keepWhole(cache, path, make('a')), keepWhole(cache, path, make('b'))])
    assert.deepEqual(await readdir(path), ['file'])
    const fails = () => Promise.reject(new Error('no'))
    await assert.rejects(keepWhole(cache, join(cache.trees, 'two'), fails), /no/)
    assert.deepEqual(await readdir(cache.trees), ['one'])
    assert.deepEqual(await readdir(cache.incoming), [])
  }))

test('a set that is not locked, and a lock that is not there or none, are sentences', () =>
  withCache(async (directory) => {
    const cache = await openFactoryCache(directory)
    const lock = { architecture: 'amd64', sets: {} }
    await assert.rejects(ensureTree(cache, lock, 'toString'), /no set "toString", only none: run/)
    await assert.rejects(readLock(join(directory, 'lock.json')), /image lock --update/)
    await writeFile(join(directory, 'lock.json'), '{}')
    await assert.rejects(readLock(join(directory, 'lock.json')), /is no lock:\n {2}apiVersion/)
  }))

test('a tree is known by its packages, in whatever order, and described by what was asked', async () => {
  const lock = await readLock()
  const { packages } = lock.sets['tools']!
  assert.equal(packagesDigest(packages), packagesDigest(packages.toReversed()))
  assert.notEqual(packagesDigest(packages), packagesDigest(packages.slice(1)))
  const [loader] = describeTools(lock, ['loader', 'unknown'])
  assert.deepEqual(Object.keys(loader?.versions ?? {}), ['systemd-boot-efi'])
})

test('the index of a repository names each package by its digest', async () => {
  const lock = await readLock()
  const [first, second] = lock.sets['initrd']!.packages
  const control = (name: string) => `Package: ${name}\nVersion: 1\nDescription: x\n more\n`
  const { text, missing } = packageIndex(control('other') + control(first!.name), [first!, second!])
  assert.deepEqual(missing, [second!.name])
  assert.match(text, new RegExp(`^Package: ${first!.name}\nVersion: 1\nDescription: x\n more\n`))
  assert.match(text, new RegExp(`Filename: ./pool/../${first!.sha256}.deb\nSize: \\d+\nSHA256: `))
})

test('the cache follows XDG, when it is a path', () => {
  assert.equal(defaultCacheDirectory({ XDG_CACHE_HOME: '/c' }), '/c/skerry/factory')
  assert.match(defaultCacheDirectory({ XDG_CACHE_HOME: 'c' }), /\.cache\/skerry\/factory$/)
})
