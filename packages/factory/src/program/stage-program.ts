import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { nodePaths } from '@skerry/api/os/os-layout'
import { bundlePrograms } from './bundle-programs.ts'
import { privateLoader, withInterpreter } from './private-elf.ts'

/** A file of the root. */
export type ProgramFile = {
  /** Absolute, in the root. */
  readonly path: string
  readonly mode: number
  readonly source: { readonly file: string } | { readonly link: string }
}

export type StageProgramOptions = {
  /** Root of the tools tree: loader, libc, C++ library, fsck.fat. */
  readonly tools: string
  /** Root of a tree with a static busybox. */
  readonly initrd: string
  /** Where what is made is kept; a directory named by its content is made below it. */
  readonly cache: string
  /** With ONNX Runtime, to serve models. */
  readonly inference: boolean
  /** Removes what only a debugger needs from a program: `strip` of the tools tree. */
  readonly strip: (from: string, to: string) => Promise<void>
  /** The Node.js that goes in; by default the one that runs this. */
  readonly node?: string
}

const libraries = [
  'libc.so.6',
  'libdl.so.2',
  'libgcc_s.so.1',
  'libm.so.6',
  'libpthread.so.0',
  'librt.so.1',
  'libstdc++.so.6',
] as const

const libraryPath = 'usr/lib/x86_64-linux-gnu'
const loaderName = 'ld-linux-x86-64.so.2'

/**
 * All that the agent needs, below `/usr/lib/skerry`: Node.js with a loader, a C and a C++ library of its
 * own, so that it runs on a root that has none, and the two programs that it calls. Made once for equal
 * input.
 */
export async function stageProgram(options: StageProgramOptions): Promise<ProgramFile[]> {
  const node = options.node ?? process.execPath
  mkdirSync(options.cache, { recursive: true })
  const made = mkdtempSync(join(options.cache, '.new-'))
  try {
    await bundlePrograms(made)
    const busybox = firstOf(options.initrd, ['usr/bin/busybox', 'bin/busybox'])
    const fsck = firstOf(options.tools, ['usr/sbin/fsck.fat', 'sbin/fsck.fat'])
    const loader = join(options.tools, libraryPath, loaderName)
    const copied = libraries.map((name) => join(options.tools, libraryPath, name))
    const bundles = readdirSync(made).map((name) => join(made, name))
    const digest = digestOfFiles([node, loader, busybox, fsck, ...copied, ...bundles])
    const kept = join(options.cache, `program-${digest}`)
    if (!existsSync(kept)) {
      await writeParts(made, { ...options, node, loader, busybox, fsck, copied })
      renameInPlace(made, kept)
    }
    return [...listParts(kept), ...(options.inference ? listOnnxRuntime() : [])]
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

/** Somebody else may have made the same meanwhile. */
function renameInPlace(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  }
}

type Parts = StageProgramOptions & {
  readonly node: string
  readonly loader: string
  readonly busybox: string
  readonly fsck: string
  readonly copied: readonly string[]
}

async function writeParts(directory: string, parts: Parts): Promise<void> {
  const privateLoaderPath = `${nodePaths.program}/ld.so`
  const write = (name: string, bytes: Uint8Array) =>
    writeFileSync(join(directory, name), bytes, { mode: 0o755 })
  mkdirSync(join(directory, 'bin'))
  mkdirSync(join(directory, 'lib'))
  write('ld.so', privateLoader(readFileSync(parts.loader), `${nodePaths.program}/lib/`))
  for (const library of parts.copied) write(`lib/${basename(library)}`, readFileSync(library))
  write('bin/busybox', readFileSync(parts.busybox))
  write('bin/fsck.fat', withInterpreter(readFileSync(parts.fsck), privateLoaderPath))
  const stripped = join(directory, 'node.stripped')
  await parts.strip(parts.node, stripped)
  write('node', withInterpreter(readFileSync(stripped), privateLoaderPath))
  rmSync(stripped)
}

function listParts(directory: string): ProgramFile[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): ProgramFile => {
      const file = join(entry.parentPath, entry.name)
      const mode = entry.name.endsWith('.mjs') ? 0o644 : 0o755
      return { path: join(nodePaths.program, file.slice(directory.length)), mode, source: { file } }
    })
  const loaderLink: ProgramFile = {
    path: `${nodePaths.program}/lib/${loaderName}`,
    mode: 0o777,
    source: { link: '../ld.so' },
  }
  return [...files, loaderLink]
}

/** ONNX Runtime as its package has it, without what only a developer reads. */
function listOnnxRuntime(): ProgramFile[] {
  const resolve = createRequire(import.meta.resolve('@skerry/inference/server-main')).resolve
  const packages = ['onnxruntime-node', 'onnxruntime-common'].map((name) =>
    packageRoot(resolve(name), name),
  )
  return packages.flatMap(({ name, root }) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter(isForDevice)
      .map((path) => ({
        path: `${nodePaths.program}/node_modules/${name}/${path}`,
        mode: 0o644,
        source: { file: join(root, path) },
      })),
  )
}

function packageRoot(entry: string, name: string): { name: string; root: string } {
  let root = dirname(entry)
  while (basename(root) !== name) root = dirname(root)
  return { name, root: realpathSync(root) }
}

function isForDevice(path: string): boolean {
  if (path.startsWith('bin/')) return path.startsWith('bin/napi-v6/linux/x64/')
  if (basename(path) === 'package.json') return !path.includes('/esm/')
  return path.startsWith('dist/') && path.endsWith('.js') && !path.includes('/esm/')
}

function firstOf(tree: string, paths: readonly string[]): string {
  const found = paths.map((path) => join(tree, path)).find(existsSync)
  if (found === undefined) throw new Error(`none of ${paths.join(', ')} is in the tree ${tree}`)
  return found
}

/** Names say which file it is and stand for nothing else: a cache may move. */
function digestOfFiles(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files)
    hash.update(
      `${basename(file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}\n`,
    )
  return hash.digest('hex').slice(0, 32)
}
