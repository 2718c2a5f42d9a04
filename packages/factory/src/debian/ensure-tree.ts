import { chmod, lstat, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { digestOf } from '@skerry/artifact/digest-of'
import { type Clock, systemClock } from '@skerry/base/clock'
import type { Digest } from '@skerry/base/digest'
import { runInTools } from '../tools/run-in-tools.ts'
import { DebianError } from './debian-error.ts'
import type { FactoryCache } from './factory-cache.ts'
import { type FetchPackagesOptions, fetchPackages, missingPackages } from './fetch-packages.ts'
import { keepWhole } from './keep-whole.ts'
import type { LockedPackage } from './locked-package.ts'
import type { Lock, LockedSet } from './lock.ts'
import type { Tree } from './tree.ts'
import { unpackPackage } from './unpack-package.ts'

export type TreeOptions = Omit<FetchPackagesOptions, 'what'> & {
  readonly signal?: AbortSignal
  /** Whose depmod a kernel needs; the lock's own set `tools` unless told. */
  readonly tools?: Tree
}

/** Grows when what is added to the packages' files changes, so that older trees are made anew. */
const recipe = 'skerry tree 1'

/** What stands for some packages: the same on every machine. */
export function packagesDigest(packages: readonly LockedPackage[], what = recipe): Digest {
  const digests = packages.map(({ sha256 }) => sha256).toSorted()
  return digestOf([what, ...digests].join('\n'))
}

/** The set as the lock has it, or a sentence that says how it gets there. */
export function lockedSet(lock: Lock, name: string): LockedSet {
  const found = Object.hasOwn(lock.sets, name) ? lock.sets[name] : undefined
  if (found !== undefined) return found
  const known = Object.keys(lock.sets).toSorted().join(', ')
  throw new DebianError(
    'NotLocked',
    `The lock has no set ${JSON.stringify(name)}, only ${known || 'none'}: run \`skerry image lock --update\`.`,
  )
}

/** The tree of a set: from the cache, or fetched and unpacked. */
export async function ensureTree(
  cache: FactoryCache,
  lock: Lock,
  set: string,
  options: TreeOptions = {},
): Promise<Tree> {
  const { packages } = lockedSet(lock, set)
  const digest = packagesDigest(packages)
  const path = join(cache.trees, digest.slice('sha256:'.length))
  const tree = { path, digest, packages }
  if (await wasKept(path, cache, packages, options.clock)) return tree
  await fetchPackages(cache, packages, { ...options, what: set }, options.signal)
  const make = async (directory: string) => {
    await unpackAll(cache, packages, directory, { ...options, what: set })
    await completeTree(directory)
    await indexModules(cache, lock, directory, options)
  }
  await tellStorageErrors(cache.directory, () => keepWhole(cache, path, make, options.signal))
  return tree
}

/**
 * Whether it is there; if so it and its packages are used now, which keeps them from being pruned.
 */
export async function wasKept(
  path: string,
  cache: FactoryCache,
  packages: readonly LockedPackage[],
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return false
  const now = clock.now() / 1000
  await utimes(path, now, now).catch(() => undefined)
  await missingPackages(cache, packages, clock)
  return true
}

async function unpackAll(
  cache: FactoryCache,
  packages: readonly LockedPackage[],
  directory: string,
  options: TreeOptions & { readonly what: string },
): Promise<void> {
  // First, so that packages that still name the old places put their files behind the links.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(directory, 'usr', name), { recursive: true })
    await symlink(`usr/${name}`, join(directory, name))
  }
  const { what } = options
  for (const [index, each] of packages.entries()) {
    await unpackPackage(cache, each, directory, options.signal)
    const [done, total] = [index + 1, packages.length]
    options.onProgress?.({ step: 'unpack', what, done, total, unit: 'packages' })
  }
}

/** What the scripts of the packages would have made and our programs need. */
async function completeTree(directory: string): Promise<void> {
  for (const name of ['dev', 'etc', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'var'])
    await mkdir(join(directory, name), { recursive: true })
  await chmod(join(directory, 'tmp'), 0o1777)
  const isThere = async (name: string) =>
    (await lstat(join(directory, name)).catch(() => undefined)) !== undefined
  const texts = {
    'etc/passwd':
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  }
  for (const [name, text] of Object.entries(texts))
    if (!(await isThere(name))) await writeFile(join(directory, name), text)
  const links = { 'usr/bin/awk': 'mawk', 'usr/bin/which': 'which.debianutils' }
  for (const [name, target] of Object.entries(links))
    if (!(await isThere(name)) && (await isThere(`usr/bin/${target}`)))
      await symlink(target, join(directory, name))
}

/** A kernel's package makes modules.dep by a script; here depmod of the tools does. */
async function indexModules(
  cache: FactoryCache,
  lock: Lock,
  directory: string,
  options: TreeOptions,
): Promise<void> {
  const versions = await readdir(join(directory, 'usr/lib/modules')).catch(() => [])
  if (versions.length === 0) return
  const tools = options.tools ?? (await ensureTree(cache, lock, 'tools', options))
  for (const version of versions)
    await runInTools(
      tools,
      {
        command: ['depmod', '--basedir', '/kernel', version],
        binds: [{ path: directory, at: '/kernel', isWritable: true }],
      },
      options.signal,
    )
}
