import type { Clock } from './clock.ts'

/** Secrets never go in. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Record<string, string | number | boolean | undefined>

export type Log = {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same log with fields that every record carries. */
  with(fields: LogFields): Log
}

/** A log that hands each record to `write`. */
export function createLog(
  write: (record: { level: LogLevel; message: string; fields: LogFields }) => void,
  bound: LogFields = {},
): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      write({ level, message, fields: { ...bound, ...fields } })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => createLog(write, { ...bound, ...fields }),
  }
}

/** A log of one line of JSON a record, with its time. */
export function createJsonLog(
  clock: Pick<Clock, 'now'>,
  writeLine: (line: string) => unknown,
): Log {
  return createLog(({ level, message, fields }) => {
    const time = new Date(clock.now()).toISOString()
    writeLine(`${JSON.stringify({ time, level, message, ...fields })}\n`)
  })
}

export const silentLog: Log = createLog(() => {})
