import { readFileSync } from 'node:fs'

/** Ticks of a second in `/proc/PID/stat`: the same on every Linux that we know. */
const ticksPerSecond = 100

/** Processor seconds of a process and its threads, from the text of `/proc/PID/stat` (fields 14 and 15). */
export function processorSecondsOf(stat: string): number {
  // The second field is the program's name in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Undefined: there is no such process any more. */
export function processorSeconds(pid: number): number | undefined {
  try {
    const seconds = processorSecondsOf(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    return Number.isFinite(seconds) ? seconds : undefined
  } catch {
    return undefined
  }
}
