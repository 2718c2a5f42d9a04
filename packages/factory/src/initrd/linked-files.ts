import { readElf } from './elf-file.ts'
import { InitrdError } from './initrd-error.ts'
import { librariesMax } from './limits.ts'
import { pathInTree, readTreeFile } from './tree-files.ts'

/** Where a loader looks, in its order, and where the libraries are put. */
const libraryDirectories = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib']
const loaderDirectories = ['/usr/lib64', '/usr/lib']

/**
 * Programs of a tree with every library that they need: path in the initrd -> bytes. Libraries that are opened
 * by name while a program runs are not found; ours open none.
 */
export function linkedFiles(tree: string, programs: readonly string[]): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  const waiting: string[] = []
  for (const program of programs) {
    const found = find(tree, program, ['/usr/bin', '/usr/sbin', '/bin', '/sbin'])
    if (found === undefined) {
      throw new InitrdError(
        `the packages for the initrd have no program "${program}": add the package that it is in`,
      )
    }
    waiting.push(...add(files, `/usr/bin/${program}`, readTreeFile(tree, found)))
  }
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const directories = isLoader(name)
      ? [...loaderDirectories, ...libraryDirectories]
      : libraryDirectories
    const found = find(tree, name, directories)
    if (found === undefined) {
      throw new InitrdError(
        `the packages for the initrd have no library "${name}": add the package that it is in`,
      )
    }
    const to = isLoader(name)
      ? loaderPath(name)
      : `${found.slice(0, found.lastIndexOf('/'))}/${name}`
    if (files.has(to)) continue
    if (files.size > librariesMax)
      throw new InitrdError(`more than ${librariesMax} libraries are needed`)
    waiting.push(...add(files, to, readTreeFile(tree, found)))
  }
  return files
}

function add(files: Map<string, Buffer>, to: string, bytes: Buffer): string[] {
  const elf = readElf(bytes)
  if (!elf.ok) throw new InitrdError(`${to} is not a program or library: ${elf.message}`)
  files.set(to, bytes)
  const { interpreter, needed } = elf.file
  return interpreter === undefined ? [...needed] : [...needed, baseName(interpreter)]
}

function find(tree: string, name: string, directories: readonly string[]): string | undefined {
  if (name.includes('/')) {
    throw new InitrdError(`a library is asked for as "${name}": a name without a path is needed`)
  }
  return directories
    .map((directory) => pathInTree(tree, `${directory}/${name}`))
    .find((path) => path !== undefined)
}

const isLoader = (name: string) => /^ld-linux[a-z0-9_-]*\.so\.\d+$/.test(name)
const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** Where programs expect their loader: /lib64 for x64, /lib for arm64, which are links below /usr. */
function loaderPath(name: string): string {
  return name.includes('x86-64') ? `/usr/lib64/${name}` : `/usr/lib/${name}`
}
