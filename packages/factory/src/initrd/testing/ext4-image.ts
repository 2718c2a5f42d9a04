import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { treeProgram } from '../../tools/tree-program.ts'

type Root = { readonly path: string }

/** An empty ext4 file system. */
export function makeExt4(file: string, sizeMiB: number, tools: Root): Buffer {
  const words = ['-q', '-F', '-t', 'ext4', '-L', 'data', file, `${sizeMiB}M`]
  const [command = '', ...rest] = [...treeProgram(tools, '/usr/sbin/mke2fs'), ...words]
  execFileSync(command, rest, { stdio: ['ignore', 'ignore', 'pipe'], env: {} })
  return readFileSync(file)
}

/** The file system after these commands of debugfs, which may name these files of the host. */
export function changeExt4(
  image: Buffer,
  commands: readonly string[],
  tools: Root,
  files: Readonly<Record<string, string>> = {},
): Buffer {
  return inFile(image, (file) => {
    for (const [path, text] of Object.entries(files)) writeFileSync(path, text)
    const [command = '', ...rest] = treeProgram(tools, '/usr/sbin/debugfs')
    const input = `${commands.join('\n')}\n`
    execFileSync(command, [...rest, '-w', '-f', '-', file], { input, stdio: 'pipe', env: {} })
    return readFileSync(file)
  })
}

/** What the initrd's repair ends with. */
export function repairExt4(image: Buffer, tools: Root): number | null {
  return inFile(image, (file) => repairExt4In(file, tools))
}

function repairExt4In(file: string, tools: Root): number | null {
  const [command = '', ...rest] = treeProgram(tools, '/usr/sbin/e2fsck')
  const repair = (...words: string[]) =>
    spawnSync(command, [...rest, '-p', ...words, file], { env: {} }).status
  const status = repair()
  return status === 8 ? repair('-b', '8193') : status
}

/**
 * What stands at these paths after the journal was replayed: the text of a file, '' for a directory. Undefined
 * when the file system needs somebody's decision.
 */
export function readExt4(
  image: Buffer,
  paths: readonly string[],
  tools: Root,
): Map<string, string> | undefined {
  return inFile(image, (file) => {
    // As the initrd does it: a torn superblock is read from its copy.
    const status = repairExt4In(file, tools)
    if (status === null || status > 1) return undefined
    // One question at a time: what a damaged file holds would run into the next answer.
    const ask = (question: string) => {
      const [command = '', ...rest] = treeProgram(tools, '/usr/sbin/debugfs')
      return spawnSync(command, [...rest, '-R', question, file], { env: {}, encoding: 'utf8' })
        .stdout
    }
    return new Map(
      paths.flatMap((path): [string, string][] => {
        const facts = ask(`stat ${path}`)
        if (!facts.includes('Inode: ')) return []
        return [[path, facts.includes('Type: directory') ? '' : ask(`cat ${path}`)]]
      }),
    )
  })
}

function inFile<T>(image: Buffer, act: (file: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'ext4-'))
  try {
    const file = join(directory, 'image')
    writeFileSync(file, image)
    return act(file)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
