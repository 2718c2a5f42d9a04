import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readElf } from './elf-file.ts'
import { InitrdError } from './initrd-error.ts'
import { moduleFilesMax, modulesMax } from './limits.ts'
import { type ModuleFacts, moduleFacts, moduleName, moduleOrder } from './module-order.ts'
import { readTreeFile } from './tree-files.ts'

/** A kernel module: name as `lsmod` says it, path below the kernel's directory, unpacked bytes. */
export type KernelModule = {
  readonly name: string
  readonly path: string
  readonly data: Uint8Array
}

/** Unpacks a file by the ending of its name. */
export type Unpack = (name: string, bytes: Uint8Array) => Promise<Uint8Array>

/** The modules of one kernel; each is read and unpacked once. */
export type KernelModules = {
  /** The wanted ones and all that they need, in load order. */
  load(wanted: readonly string[]): Promise<KernelModule[]>
}

const ending = /\.ko(\.xz|\.zst|\.gz)?$/

/**
 * The modules below `usr/lib/modules/VERSION` of a tree. What a module needs is read from the module itself, as
 * depmod does, so a tree on which nothing was run will do.
 */
export function openKernelModules(tree: string, version: string, unpack: Unpack): KernelModules {
  const directory = join('usr/lib/modules', version)
  if (!existsSync(join(tree, directory))) {
    throw new InitrdError(
      `the kernel's packages have no modules of "${version}" (${directory}): name the version that ` +
        `stands there: ${versionsIn(tree)}`,
    )
  }
  const paths = modulePaths(join(tree, directory))
  const builtIn = builtInNames(join(tree, directory, 'modules.builtin'))
  const loaded = new Map<string, { module: KernelModule; facts: ModuleFacts }>()
  const read = async (name: string, path: string) => {
    const bytes = readTreeFile(tree, join(directory, path))
    const data = await unpack(path, bytes)
    const elf = readElf(data)
    if (!elf.ok) throw new InitrdError(`the kernel module ${path} cannot be read: ${elf.message}`)
    const module = { name, path: path.replace(ending, '.ko'), data }
    return { module, facts: moduleFacts(elf.file.moduleInfo) }
  }
  const factsOf = async (name: string) => {
    const path = paths.get(name)
    if (path === undefined || builtIn.has(name)) return undefined
    const found = loaded.get(name) ?? (await read(name, path))
    loaded.set(name, found)
    if (loaded.size > modulesMax)
      throw new InitrdError(`more than ${modulesMax} modules are needed`)
    const lost = found.facts.depends.find((it) => !paths.has(it) && !builtIn.has(it))
    if (lost !== undefined) {
      throw new InitrdError(
        `the kernel module ${path} needs ${lost}, which the kernel's packages do not have: they are not ` +
          'complete, fetch them again',
      )
    }
    return found.facts
  }
  return {
    async load(wanted) {
      const names = await moduleOrder(wanted, factsOf)
      return names.flatMap((name) => loaded.get(name)?.module ?? [])
    },
  }
}

function modulePaths(directory: string): Map<string, string> {
  const files = readdirSync(join(directory, 'kernel'), { recursive: true, encoding: 'utf8' })
  if (files.length > moduleFilesMax) {
    throw new InitrdError(
      `${directory} has ${files.length} files, more than the ${moduleFilesMax} of a kernel`,
    )
  }
  const modules = files.filter((file) => ending.test(file)).toSorted()
  return new Map(modules.map((file) => [nameOf(file), join('kernel', file)]))
}

function builtInNames(file: string): Set<string> {
  if (!existsSync(file)) return new Set()
  return new Set(readFileSync(file, 'utf8').split('\n').map(nameOf))
}

function nameOf(path: string): string {
  return moduleName(path.slice(path.lastIndexOf('/') + 1).replace(ending, ''))
}

function versionsIn(tree: string): string {
  const directory = join(tree, 'usr/lib/modules')
  return existsSync(directory) ? readdirSync(directory).join(', ') : 'none'
}
