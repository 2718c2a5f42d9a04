import { type Log, createLog } from '@skerry/base/log'
import type { Clock } from '@skerry/base/clock'

/** One line of JSON a record on `stream`, with the time. */
export function createJsonLog(
  stream: { write(text: string): unknown },
  clock: Pick<Clock, 'now'>,
): Log {
  return createLog(({ level, message, fields }) =>
    stream.write(
      `${JSON.stringify({ time: new Date(clock.now()).toISOString(), level, message, ...fields })}\n`,
    ),
  )
}
