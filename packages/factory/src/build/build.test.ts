import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Digest } from '@skerry/base/digest'
import type { Lock } from '../debian/lock.ts'
import { uniquePackages } from '../sbom/root-packages.ts'
import { parseSchematic } from '../schematic/parse-schematic.ts'
import { BuildError } from './build-error.ts'
import { type ImageParts, commandLineOf, imageIdOf } from './image-id.ts'
import { joinLocks, neededSets } from './needed-sets.ts'
import { oldSteps } from './clear-old-steps.ts'
import { programPackages } from './program-packages.ts'
import { type BuildPlan, checkSpace } from './plan-build.ts'

const schematicOf = (text: string) => {
  const parsed = parseSchematic(Buffer.from(`name: a\nversion: 1.0.0\n${text}`))
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.schematic
}

test('a plain schematic takes only what the factory has pinned', () => {
  assert.deepEqual(neededSets(schematicOf('base: {debian: {init: openrc}}\n')), {
    kernel: 'kernel-cloud',
    root: 'debian-openrc',
    own: [],
  })
  const needed = neededSets(
    schematicOf('base: {debian: {}}\nkernel: linux-image-rt-amd64\npackages: [vim, curl]\n'),
  )
  assert.deepEqual([needed.kernel, needed.root], ['kernel', 'root'])
  assert.deepEqual(needed.own[0]?.packages, ['linux-image-rt-amd64'])
  assert.ok(needed.own[1]?.packages.includes('vim') && needed.own[1].packages.includes('systemd'))
})

test('what a schematic adds is pinned beside it, for what it asks now', () => {
  const builtIn: Lock = { architecture: 'amd64', sets: {} }
  const needed = neededSets(schematicOf('base: {busybox: true}\nkernel: linux-image-rt-amd64\n'))
  assert.throws(
    () => joinLocks(builtIn, undefined, needed, 'image.lock.json'),
    (error) =>
      error instanceof BuildError && /not pinned yet.*skerry image lock/.test(error.message),
  )
  const locked = (asked: string[]): Lock => ({
    architecture: 'amd64',
    sets: { kernel: { suites: needed.own[0]!.suites, asked, packages: [] } },
  })
  assert.throws(
    () => joinLocks(builtIn, locked(['linux-image-amd64']), needed, 'image.lock.json'),
    /made for other packages/,
  )
  const joined = joinLocks(builtIn, locked(['linux-image-rt-amd64']), needed, 'image.lock.json')
  assert.ok('kernel' in joined.sets)
})

const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest
const parts: ImageParts = {
  root: { digest: digest('a'), rootHash: 'b'.repeat(64), sizeBytes: 8192 },
  kernel: digest('c'),
  initrd: digest('d'),
  words: ['quiet', 'skerry.watchdog=180'],
  osRelease: { version: '1.0.0', prettyName: 'a 1.0.0' },
}

test('the id of an image follows from all that it is, and stands in its command line', () => {
  const id = imageIdOf(parts)
  assert.match(id, /^[0-9a-f]{32}$/)
  assert.equal(
    commandLineOf(parts),
    `quiet skerry.watchdog=180 skerry.root=${'b'.repeat(64)} skerry.size=8192 skerry.image=${id}`,
  )
  const others: ImageParts[] = [
    { ...parts, root: { ...parts.root, digest: digest('e') } },
    { ...parts, kernel: digest('e') },
    { ...parts, initrd: digest('e') },
    { ...parts, words: ['quiet'] },
    { ...parts, osRelease: { ...parts.osRelease, version: '1.0.1' } },
  ]
  assert.equal(new Set([id, ...others.map(imageIdOf)]).size, 6)
})

test('a build that would end on a full disk is refused, with the place and the sizes', () => {
  const place = (freeBytes: number) => ({ directory: '/cache', freeBytes, neededBytes: 2 ** 30 })
  const plan = { cache: place(2 ** 20), out: place(2 ** 40) } as unknown as BuildPlan
  assert.throws(() => checkSpace(plan), /\/cache has 1 MiB free and the build needs about 1024 MiB/)
  checkSpace({ ...plan, cache: place(2 ** 31) })
})

test('old steps go, but for the newest of each sort and what may be in use', () => {
  const day = 24 * 3_600_000
  const step = (sort: string, index: number, usedMs: number) => ({
    name: `${sort}-${String(index).padStart(32, '0')}`,
    usedMs,
  })
  const roots = Array.from({ length: 10 }, (_, index) => step('root-file-system', index, index))
  const others = [step('initrd', 1, 0), { name: 'debian.tar', usedMs: 0 }]
  assert.deepEqual(
    oldSteps([...roots, ...others], 30 * day).toSorted(),
    roots.slice(0, 2).map(({ name }) => name),
  )
  assert.deepEqual(oldSteps(roots, day / 2), [], 'all were used lately')
})

test('kernel, initrd and agent are in the bill of materials by the names that scanners know', () => {
  const of = (name: string, version: string) => ({
    name,
    version,
    architecture: 'amd64',
    sha256: '0'.repeat(64),
    sizeBytes: 1,
    file: 'pool/a.deb',
    suite: 'trixie',
  })
  const set = (...packages: ReturnType<typeof of>[]) => ({ suites: [], asked: [], packages })
  const sets = {
    'kernel-cloud': set(of('linux-image-6.12-cloud-amd64', '6.12.117-1')),
    initrd: set(of('busybox-static', '1:1.37.0-6'), of('libc6', '2.41-12')),
    tools: set(of('libc6', '2.41-12'), of('erofs-utils', '1.8.6-1')),
  }
  const schematic = schematicOf('base: {busybox: true}\ninference: false\n')
  const packages = uniquePackages(programPackages(schematic, { architecture: 'amd64', sets }))
  assert.deepEqual(
    packages.map(({ type, name }) => `${type} ${name}`),
    [
      'deb busybox-static',
      'deb libc6',
      'deb linux-image-6.12-cloud-amd64',
      'generic node',
      'generic skerry-agent',
    ],
  )
})
