import { existsSync } from 'node:fs'
import { readdir, statfs } from 'node:fs/promises'
import { availableMemory, arch, platform } from 'node:process'
import { delimiter, dirname, join } from 'node:path'
import { toError } from '@skerry/base/assert'
import { findMirror } from '@skerry/factory/debian/find-mirror'
import { defaultCacheDirectory } from '@skerry/factory/debian/factory-cache'
import { runProgram } from '@skerry/factory/tools/run-program'
import { CommandError } from '../exit-code.ts'
import { demoLimits } from './lab-demo-limits.ts'

/** What this machine has of what building and booting images needs. */
export type LabFacts = {
  readonly platform: string
  readonly architecture: string
  readonly memoryBytes: number
  readonly places: readonly {
    readonly directory: string
    readonly freeBytes: number
    readonly neededBytes: number
  }[]
  /** Programs that are not there. */
  readonly missing: readonly string[]
  /** Why no mount namespace can be made. */
  readonly namespaceProblem?: string | undefined
  /** Why packages cannot be fetched; absent when they are in the cache. */
  readonly mirrorProblem?: string | undefined
}

/** Installs all of it on Debian and Ubuntu; the documentation says the same. */
export const installCommand = 'sudo apt-get install -y util-linux coreutils tar xz-utils zstd'

/** Each a sentence that says what to do. */
export function labProblems(facts: LabFacts): string[] {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  return [
    ...(facts.platform === 'linux' && facts.architecture === 'x64'
      ? []
      : [
          `Images are built and booted on Linux on x64, and this is ${facts.platform} on ${facts.architecture}: use a virtual machine with Debian or Ubuntu.`,
        ]),
    ...(facts.missing.length === 0
      ? []
      : [`${facts.missing.join(', ')} cannot be found: install with "${installCommand}".`]),
    ...(facts.namespaceProblem === undefined
      ? []
      : [
          `This user may make no mount namespace, in which the tools run (${facts.namespaceProblem}): run as root, or allow it with ` +
            '"sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0" (of the two, the one that is known here); in a container, start it with --privileged.',
        ]),
    ...(facts.memoryBytes >= demoLimits.memoryBytesMin
      ? []
      : [
          `${gib(facts.memoryBytes)} of memory are free, and hub, machine and build take ${gib(demoLimits.memoryBytesMin)}: end something, or use a larger machine.`,
        ]),
    ...facts.places
      .filter(({ freeBytes, neededBytes }) => freeBytes < neededBytes)
      .map(
        ({ directory, freeBytes, neededBytes }) =>
          `${directory} has ${gib(freeBytes)} free and ${gib(neededBytes)} are needed: make room, or name another place (--data; XDG_CACHE_HOME for the cache).`,
      ),
    ...(facts.mirrorProblem === undefined ? [] : [facts.mirrorProblem]),
  ]
}

/** Says everything that is missing at once, before anything is done. */
export async function requireLabNeeds(data: string, signal: AbortSignal): Promise<void> {
  const problems = labProblems(await lookAtMachine(data, signal))
  if (problems.length === 0) return
  throw new CommandError(
    ['This machine cannot do it yet:', ...problems.map((each) => `  - ${each}`)].join('\n'),
  )
}

async function lookAtMachine(data: string, signal: AbortSignal): Promise<LabFacts> {
  const cache = defaultCacheDirectory()
  const isFilled = (await readdir(join(cache, 'trees')).catch(() => [])).length > 0
  const missing = programs.filter((name) => !isOnPath(name))
  return {
    platform,
    architecture: arch,
    memoryBytes: availableMemory(),
    places: [
      {
        directory: data,
        freeBytes: await freeBytes(data),
        neededBytes: demoLimits.dataBytesMin,
      },
      {
        directory: cache,
        freeBytes: await freeBytes(cache),
        neededBytes: isFilled ? 0 : demoLimits.cacheBytesMin,
      },
    ],
    missing,
    namespaceProblem: missing.includes('unshare') ? undefined : await namespaceProblem(signal),
    mirrorProblem: isFilled ? undefined : await mirrorProblem(),
  }
}

/** What the factory takes from this machine; all else comes in its trees. */
const programs = ['unshare', 'mount', 'chroot', 'tar', 'xz', 'sync'] as const

const searchPath = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
]
const isOnPath = (name: string) =>
  searchPath.some((directory) => directory !== '' && existsSync(join(directory, name)))

async function namespaceProblem(signal: AbortSignal): Promise<string | undefined> {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const script = 'mount -t tmpfs skerry /tmp'
  try {
    await runProgram(
      {
        command: ['unshare', ...asUser, '--mount', 'sh', '-c', script],
        name: 'unshare',
        environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      },
      signal,
    )
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return toError(error).message
  }
}

async function mirrorProblem(): Promise<string | undefined> {
  try {
    await findMirror()
    return undefined
  } catch (error) {
    return toError(error).message
  }
}

/** Of the file system that a directory is on, or will be. */
async function freeBytes(directory: string): Promise<number> {
  for (let path = directory; ; path = dirname(path)) {
    const found = await statfs(path).catch(() => undefined)
    if (found !== undefined) return found.bavail * found.bsize
    if (path === dirname(path)) return 0
  }
}
