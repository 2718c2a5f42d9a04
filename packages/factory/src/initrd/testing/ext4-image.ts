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

/** The file system after these commands of debugfs. */
export function changeExt4(image: Buffer, commands: readonly string[], tools: Root): Buffer {
  return inFile(image, (file) => {
    const [command = '', ...rest] = treeProgram(tools, '/usr/sbin/debugfs')
    const input = `${commands.join('\n')}\n`
    execFileSync(command, [...rest, '-w', '-f', '-', file], { input, stdio: 'pipe', env: {} })
    return readFileSync(file)
  })
}

/** What `e2fsck -p` ends with. */
export function repairExt4(image: Buffer, tools: Root): number | null {
  return inFile(image, (file) => {
    const [command = '', ...rest] = treeProgram(tools, '/usr/sbin/e2fsck')
    return spawnSync(command, [...rest, '-p', file], { env: {} }).status
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
