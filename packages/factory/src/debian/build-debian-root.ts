import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { syncDirectory } from '@skerry/artifact/write-file-atomic'
import type { Digest } from '@skerry/base/digest'
import { runInTools } from '../tools/run-in-tools.ts'
import type { ToolCommand } from '../tools/tool-command.ts'
import { DebianError } from './debian-error.ts'
import { type TreeOptions, ensureTree, lockedSet, packagesDigest, wasKept } from './ensure-tree.ts'
import type { FactoryCache } from './factory-cache.ts'
import { fetchPackages } from './fetch-packages.ts'
import type { LockedPackage } from './locked-package.ts'
import type { Lock } from './lock.ts'
import { packageIndex } from './package-index.ts'
import type { Tree } from './tree.ts'

/** A configured Debian root as a tar: maintainer scripts have run. */
export type DebianRoot = {
  readonly tar: string
  /** Of the packages and of how they were put together: what the tar is cached by. */
  readonly digest: Digest
  readonly packages: readonly LockedPackage[]
}

/** Grows when the root is put together in another way. */
const recipe = 'skerry debian root 2'

/**
 * Files of no use to a machine that nobody sits at. Copyrights stay: who passes the files on must
 * pass them on.
 */
const excludes = [
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
]

/**
 * What differs from build to build or must not be the same on two machines: keys and ids are made
 * by the machine, logs and caches by whoever needs them.
 */
const clean = `set -eu
rm -f "$1"/etc/ssh/ssh_host_* "$1"/var/lib/systemd/random-seed "$1"/var/lib/systemd/catalog/database
rm -f "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/etc/.pwd.lock "$1"/var/lib/dbus/machine-id
rm -f "$1"/etc/passwd- "$1"/etc/group- "$1"/etc/shadow- "$1"/etc/gshadow- "$1"/etc/subuid- "$1"/etc/subgid-
rm -f "$1"/var/lib/dpkg/*-old "$1"/var/cache/debconf/*-old "$1"/var/cache/ldconfig/aux-cache
rm -rf "$1"/var/cache/apt "$1"/var/lib/apt "$1"/tmp/* "$1"/var/tmp/*
find "$1"/var/log -type f -delete
: >"$1"/etc/machine-id`

/**
 * Builds the root of a locked set, or takes it from the cache. Every package comes from the cache,
 * so it is the locked one, and nothing is asked of a network.
 */
export async function buildDebianRoot(
  cache: FactoryCache,
  lock: Lock,
  set: string,
  options: TreeOptions = {},
): Promise<DebianRoot> {
  const { packages, asked, suites } = lockedSet(lock, set)
  const tools = options.tools ?? (await ensureTree(cache, lock, 'tools', options))
  const digest = packagesDigest(packages, `${recipe} ${asked.toSorted().join(' ')} ${tools.digest}`)
  const tar = join(cache.roots, `${digest.slice('sha256:'.length)}.tar`)
  const root = { tar, digest, packages }
  if (await wasKept(tar, cache, packages, options.clock)) return root
  await fetchPackages(cache, packages, { ...options, what: set }, options.signal)
  const work = join(cache.incoming, `${process.pid}.${randomUUID()}.root`)
  try {
    await tellStorageErrors(cache.directory, async () => {
      await mkdir(join(work, 'tmp'), { recursive: true })
      await configure({ cache, tools, set, suite: suites[0] ?? '', asked, packages, work }, options)
      await keepFile(join(work, 'root.tar'), tar)
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return root
}

type RootWork = {
  readonly cache: FactoryCache
  readonly tools: Tree
  readonly set: string
  readonly suite: string
  readonly asked: readonly string[]
  readonly packages: readonly LockedPackage[]
  readonly work: string
}

async function configure(root: RootWork, options: TreeOptions): Promise<void> {
  const { cache, tools, set, packages, work } = root
  const binds = [
    { path: work, at: '/work', isWritable: true },
    { path: cache.packages, at: '/work/repository/pool' },
  ]
  const files = packages.map(
    ({ sha256 }) => `/work/repository/pool/${sha256.slice(0, 2)}/${sha256}.deb`,
  )
  await mkdir(join(work, 'repository', 'pool'), { recursive: true })
  const script = 'for file in "$@"; do dpkg-deb --field "$file"; done'
  const read = { command: ['sh', '-euc', script, 'read-control', ...files], binds }
  const { stdout } = await runInTools(tools, read, options.signal)
  const index = packageIndex(stdout.toString(), packages)
  if (index.missing.length > 0)
    throw new DebianError(
      'WrongBytes',
      `Set ${set}: packages that are not what the lock calls them: ${index.missing.join(', ')}.`,
    )
  await writeFile(join(work, 'repository', 'Packages'), index.text)
  // mmdebstrap asks which packages of this release are essential, so the repository says which
  // release it is.
  await writeFile(join(work, 'repository', 'Release'), releaseText(root.suite, index.text))
  // Copied rather than used in place: what runs inside the new root does not see this directory.
  const source = 'deb [trusted=yes] copy:///work/repository ./\n'
  await writeFile(join(work, 'sources.list'), source)
  await writeFile(join(work, 'clean.sh'), clean)
  let done = 0
  const onLine = () => {
    done += 1
    options.onProgress?.({ step: 'configure', what: set, done, total: 0, unit: 'lines' })
  }
  await runInTools(tools, { ...mmdebstrap(root, binds), onLine }, options.signal)
}

const isRoot = () => process.getuid?.() === 0

/**
 * Anybody who is not root is root of a user namespace with that one user in it, so files cannot be
 * given to others in earnest: fakeroot remembers who would own them, and its library must be found
 * inside the new root too. Nor may a terminal's file system be mounted there, so of /dev only what
 * scripts use is shown.
 */
const fakerootWords = [
  '--skip=chroot/mount/dev',
  '--setup-hook=mkdir -p "$1/usr/lib" && cd /usr/lib && cp --parents -r */libfakeroot "$1/usr/lib/"',
  '--setup-hook=mkdir -p "$1/dev" && cd "$1/dev" && for name in null zero full random urandom; do ' +
    ': >$name && mount --bind /dev/$name $name || exit 1; done',
  '--customize-hook=rm -r "$1"/usr/lib/*/libfakeroot',
  '--customize-hook=cd "$1/dev" && umount null zero full random urandom && rm -rf "$1"/dev/*',
]

function releaseText(suite: string, index: string): string {
  const sha256 = digestOf(index).slice('sha256:'.length)
  const names = `Origin: Debian\nSuite: ${suite}\nCodename: ${suite}\n`
  const date = 'Date: Thu, 01 Jan 1970 00:00:00 UTC\n'
  return `${names}${date}SHA256:\n ${sha256} ${Buffer.byteLength(index)} Packages\n`
}

function mmdebstrap({ asked, suite }: RootWork, binds: ToolCommand['binds'] = []): ToolCommand {
  const names = asked.filter((name) => !name.startsWith('?')).toSorted()
  return {
    command: [
      ...(isRoot() ? [] : ['fakeroot-sysv', '--']),
      'mmdebstrap',
      '--mode=root',
      '--variant=essential',
      '--format=tar',
      // The kernel fills /dev, and not everybody may make its nodes.
      '--skip=output/dev',
      '--verbose',
      `--include=${names.join(',')}`,
      '--aptopt=Acquire::Languages "none"',
      '--aptopt=APT::Install-Recommends "false"',
      ...excludes.map((line) => `--dpkgopt=${line}`),
      ...(isRoot() ? [] : fakerootWords),
      '--customize-hook=sh /work/clean.sh "$1"',
      suite,
      '/work/root.tar',
      '/work/sources.list',
    ],
    binds,
    directory: '/work',
    environment: {
      TMPDIR: '/work/tmp',
      SOURCE_DATE_EPOCH: '0',
      INITRD: 'No',
      ...(isRoot() ? {} : { FAKEROOTDONTTRYCHOWN: '1' }),
    },
  }
}

async function keepFile(from: string, to: string): Promise<void> {
  const file = await open(from, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(from, to)
  await syncDirectory(dirname(to))
}
