import { readFileSync, readdirSync } from 'node:fs'

export type ProcessEntry = {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Every process of this machine that can be read, from /proc. */
export function listProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return fields[0] === 'Z' ? [] : [{ pid: Number(name), parent: Number(fields[1]), command }]
      } catch {
        return []
      }
    })
}

/** A process and everything below it. */
export function descendantsOf(pid: number, all = listProcesses()): ProcessEntry[] {
  const children = all.filter((entry) => entry.parent === pid)
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, all)])
}
