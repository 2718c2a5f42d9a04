import { readFileSync, readdirSync, writeFileSync } from 'node:fs'

/** A process and all that it started, and so on. */
export function withChildren(roots: readonly number[]): number[] {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc'))
    if (/^\d+$/.test(entry)) {
      const stat = readStat(Number(entry))
      if (stat !== undefined) parents.set(Number(entry), Number(stat[1]))
    }
  const found = new Set(roots)
  for (let before = 0; before !== found.size;) {
    before = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return [...found].filter((pid) => parents.has(pid))
}

/** Memory that the processes hold, what they share counted once, in MiB (`/proc/PID/smaps_rollup`). */
export function memoryMiB(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
      return Number(/^Pss: +(\d+)/m.exec(text)?.[1] ?? 0)
    } catch {
      return 0
    }
  })
  return Math.round(kilobytes.reduce((sum, value) => sum + value, 0) / 1024)
}

/** Processor time that the processes have used so far, in seconds. */
export function processorSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readStat(pid)
    return stat === undefined ? 0 : Number(stat[11]) + Number(stat[12])
  })
  return ticks.reduce((sum, value) => sum + value, 0) / 100
}

/** Forgets the highest memory that a process had. */
export function resetPeak(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    } catch {
      // It has gone.
    }
}

/** The sum of the highest resident memory of each process since `resetPeak`, in MiB. */
export function peakMiB(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => {
    try {
      return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      return 0
    }
  })
  return Math.round(kilobytes.reduce((sum, value) => sum + value, 0) / 1024)
}

/** The fields of `/proc/PID/stat` behind the name, from the state on. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
