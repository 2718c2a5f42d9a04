import { stripVTControlCharacters } from 'node:util'
import { stringify } from 'yaml'
import { CommandError, exitCodes } from './exit-code.ts'

export const outputFormats = ['table', 'wide', 'json', 'yaml'] as const
export type OutputFormat = (typeof outputFormats)[number]

export type TableColumn<T> = {
  readonly title: string
  readonly value: (row: T) => string
  /** Shown only with `--output wide`. */
  readonly isWide?: boolean
}

/** What a command shows, as a person or a program asked for it. */
export function render<T>(
  rows: readonly T[],
  columns: readonly TableColumn<T>[],
  format: OutputFormat,
): string {
  if (format === 'json') return `${JSON.stringify(rows, undefined, 2)}\n`
  if (format === 'yaml') return stringify(rows)
  const shown = columns.filter(({ isWide }) => isWide !== true || format === 'wide')
  const cells = [
    shown.map(({ title }) => title),
    ...rows.map((row) => shown.map(({ value }) => value(row))),
  ]
  const widths = shown.map((_, column) =>
    Math.max(...cells.map((line) => visibleLength(line[column]!))),
  )
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          column === line.length - 1
            ? cell
            : cell + ' '.repeat(widths[column]! - visibleLength(cell)),
        )
        .join('   ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length
}

export function parseOutputFormat(text: string): OutputFormat {
  const found = outputFormats.find((format) => format === text)
  if (found === undefined)
    throw new CommandError(`--output ${text}: use ${outputFormats.join(', ')}`, exitCodes.usage)
  return found
}

const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined

const painter = (code: number) => (text: string) =>
  isColoured ? `\u001B[${code}m${text}\u001B[0m` : text

/** Colours, on a terminal only (https://no-color.org). */
export const paint = {
  red: painter(31),
  green: painter(32),
  yellow: painter(33),
  bold: painter(1),
  dim: painter(2),
}

/** A state in its colour. */
export function paintState(state: string): string {
  if (/^(Online|Healthy|Synced|Succeeded|Updated|Pass|Passed|Running)$/.test(state))
    return paint.green(state)
  if (/^(Offline|Failed|RolledBack|Fail|Aborted)$/.test(state)) return paint.red(state)
  return /^(Degraded|Progressing|RollingBack|Paused|Parked|OutOfSync)$/.test(state)
    ? paint.yellow(state)
    : state
}
