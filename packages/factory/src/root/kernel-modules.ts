import { cp, mkdir, readFile, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Tree } from '../debian/tree.ts'
import { runInTools } from '../tools/run-in-tools.ts'
import { modulePathsMax } from './limits.ts'
import { RootError } from './root-error.ts'

export type ModulesRequest = {
  readonly kernel: Pick<Tree, 'path'>
  readonly kernelVersion: string
  /** Tree with xz, zstd and depmod. */
  readonly tools: Pick<Tree, 'path'>
  /** Names; absent: every module of the kernel. */
  readonly names: readonly string[] | undefined
}

/**
 * What the agent and its stages mount, what panics are read from, and what systemd complains about without: in
 * every root, whatever it names.
 */
const neededModules = [
  'autofs4',
  'efi_pstore',
  'efivarfs',
  'isofs',
  'nls_ascii',
  'nls_cp437',
  'nls_iso8859_1',
  'nls_utf8',
  'vfat',
] as const

/** The version of the one kernel in a tree, as `uname -r` will say. */
export async function kernelVersionOf(kernel: Pick<Tree, 'path'>): Promise<string> {
  const versions = await readdir(join(kernel.path, 'usr/lib/modules')).catch(() => [])
  const [version] = versions
  if (version === undefined || versions.length !== 1)
    throw new RootError(
      `The kernel's package holds ${versions.length === 0 ? 'no modules' : `modules of ${versions.join(' and ')}`}: name a package of one kernel, such as linux-image-cloud-amd64.`,
    )
  return version
}

/**
 * Lays the modules of a kernel below a directory, uncompressed, with the indexes that modprobe needs: a module
 * that was changed then differs little from the one before.
 */
export async function prepareModules(
  request: ModulesRequest,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  const from = join(request.kernel.path, 'usr/lib/modules', request.kernelVersion)
  const to = join(directory, 'lib/modules', request.kernelVersion)
  await mkdir(to, { recursive: true })
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
    await cp(join(from, name), join(to, name))
  const paths = await modulePaths(from, request.names)
  for (const path of paths) {
    await mkdir(dirname(join(to, path)), { recursive: true })
    await cp(join(from, path), join(to, path))
  }
  const run = (command: readonly string[]) =>
    runInTools(
      request.tools,
      {
        command,
        directory: '/mnt/root',
        binds: [{ path: directory, at: '/mnt/root', isWritable: true }],
      },
      signal,
    )
  for (const [ending, command] of decompressors) {
    const packed = paths.filter((path) => path.endsWith(ending))
    for (let at = 0; at < packed.length; at += filesAtOnce)
      await run([
        ...command,
        ...packed
          .slice(at, at + filesAtOnce)
          .map((path) => `lib/modules/${request.kernelVersion}/${path}`),
      ])
  }
  await run(['depmod', '--basedir', '/mnt/root', request.kernelVersion])
}

const decompressors = [
  ['.xz', ['xz', '--decompress', '--threads=2', '--']],
  ['.zst', ['zstd', '--decompress', '--rm', '--quiet', '--']],
  ['.gz', ['gzip', '--decompress', '--']],
] as const

/** So that the words of a command stay well below what the kernel takes. */
const filesAtOnce = 500

/** Paths of modules within their directory, with all that they need. */
async function modulePaths(from: string, names: readonly string[] | undefined): Promise<string[]> {
  const found = await readdir(from, { recursive: true })
  const all = found.filter((path) => /\.ko(\.(xz|zst|gz))?$/.test(path)).toSorted()
  if (all.length > modulePathsMax)
    throw new RootError(`The kernel has more than ${modulePathsMax} modules.`)
  if (names === undefined) return all
  const textOf = (name: string) => readFile(join(from, name), 'utf8').catch(() => '')
  const builtIn = new Set((await textOf('modules.builtin')).split('\n').map(moduleName))
  const chosen = chooseModules(all, [...names, ...neededModules], {
    dependencies: await textOf('modules.dep'),
    soft: await textOf('modules.softdep'),
  })
  const asked = new Set(names.map(moduleName))
  const missing = chosen.missing.filter((name) => asked.has(name) && !builtIn.has(name))
  if (missing.length > 0)
    throw new RootError(
      `modules: the kernel has no ${missing.join(', ')}: take another kernel, or leave them out.`,
    )
  return chosen.paths
}

/** Modules by name, with those that they need first; what nobody knows is told. */
export function chooseModules(
  all: readonly string[],
  names: readonly string[],
  { dependencies, soft }: { readonly dependencies: string; readonly soft: string },
): { readonly paths: string[]; readonly missing: string[] } {
  const byName = new Map(all.map((path) => [moduleName(path), path]))
  const needed = new Map<string, string[]>()
  const add = (name: string, more: readonly string[]) =>
    needed.set(name, [...(needed.get(name) ?? []), ...more])
  for (const line of dependencies.split('\n')) {
    const [path = '', rest = ''] = line.split(':')
    if (path !== '') add(moduleName(path), words(rest).map(moduleName))
  }
  for (const line of soft.split('\n')) {
    const found = /^softdep (\S+) pre: ([^:]*?)(?: post:.*)?$/.exec(line)
    if (found !== null) add(moduleName(found[1]!), words(found[2]!).map(moduleName))
  }
  const chosen = new Set<string>()
  const missing: string[] = []
  const queue = names.map(moduleName)
  for (const name of queue) if (!byName.has(name)) missing.push(name)
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const path = byName.get(name)
    // What a module would like to have and this kernel does not have is built in, or does not matter.
    if (path === undefined || chosen.has(path)) continue
    chosen.add(path)
    queue.push(...(needed.get(name) ?? []))
  }
  return { paths: [...chosen].toSorted(), missing }
}

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '')

/** The kernel takes `-` and `_` for the same. */
const moduleName = (path: string) =>
  basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_')
