import type { Clock } from '@skerry/base/clock'
import { type Log, type LogFields, createJsonLog, createLog } from '@skerry/base/log'

export type NodeLogOptions = {
  readonly clock: Pick<Clock, 'now'>
  /** Takes one record as JSON. */
  readonly keep: (line: string) => void
  readonly say: (line: string) => void
}

/** News that a person before the machine wants to see, beside warnings and errors. */
const news: ReadonlySet<string> = new Set([
  'Connected',
  'Enrolled',
  'A site spec came',
  'The watchdog is fed again',
  'What happened to an image',
])
const sayingLengthMax = 500

/** Everything is kept in a file; what matters stands on the console, in words, and once in a row. */
export function createNodeLog({ clock, keep, say }: NodeLogOptions): Log {
  const file = createJsonLog(clock, (line) => keep(line.trimEnd()))
  let told = ''
  return createLog(({ level, message, fields }) => {
    file[level](message, fields)
    if (level === 'debug' || (level === 'info' && !news.has(message))) return
    const text = `${message}${because(fields)}`.slice(0, sayingLengthMax)
    if (text !== told) say(text)
    told = text
  })
}

function because(fields: LogFields): string {
  const { version, result } = fields
  const why = fields['reason'] ?? fields['message'] ?? firstLine(fields['error']) ?? fields['site']
  const what = [version, result].filter((part) => part !== undefined).join(' ')
  return `${what === '' ? '' : `: ${what}`}${why === undefined ? '' : `: ${String(why)}`}`
}

function firstLine(text: LogFields[string]): string | undefined {
  return text === undefined ? undefined : String(text).split('\n')[0]
}
