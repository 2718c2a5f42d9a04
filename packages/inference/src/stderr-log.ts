import { type Clock, toMicroTimestamp } from '@skerry/base/clock'
import { type Log, createLog } from '@skerry/base/log'

/** One line of JSON a record, on standard error, where whoever started the process collects it. */
export function stderrLog(clock: Clock): Log {
  return createLog(({ level, message, fields }) => {
    const time = toMicroTimestamp(clock.now())
    process.stderr.write(`${JSON.stringify({ time, level, message, ...fields })}\n`)
  })
}
