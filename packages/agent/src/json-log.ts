import { type Clock } from '@skerry/base/clock'
import { type Log, createLog } from '@skerry/base/log'

/** A log of one line of JSON a record. */
export function createJsonLog(clock: Clock, write: (line: string) => void): Log {
  return createLog(({ level, message, fields }) => {
    const time = new Date(clock.now()).toISOString()
    write(`${JSON.stringify({ time, level, message, ...fields })}\n`)
  })
}
