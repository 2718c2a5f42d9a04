import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestText } from './digest-text.ts'
import type { Answer, Row } from './row.ts'

/** What Kubernetes answered, so that the table can be judged where there is no Kubernetes. */
export type Recording = {
  readonly server: string
  readonly rows: Readonly<Record<string, RecordedRow>>
}

type RecordedRow = {
  /** Of the requests: answers to others are worth nothing. */
  readonly steps: string
  readonly answers: readonly Answer[]
}

const file = join(import.meta.dirname, 'recording.json')

export async function readRecording(): Promise<Recording> {
  return JSON.parse(await readFile(file, 'utf8')) as Recording
}

/** The answers to a row; undefined if none were recorded of these very requests. */
export function recordedAnswers(recording: Recording, row: Row): readonly Answer[] | undefined {
  const recorded = Object.hasOwn(recording.rows, row.name) ? recording.rows[row.name] : undefined
  return recorded?.steps === stepsDigest(row) ? recorded.answers : undefined
}

/** One line for each row, so that a diff of the file shows which rows changed. */
export async function writeRecording(
  server: string,
  answered: readonly { readonly row: Row; readonly answers: readonly Answer[] }[],
): Promise<void> {
  const lines = answered
    .toSorted((left, right) => (left.row.name < right.row.name ? -1 : 1))
    .map(
      ({ row, answers }) =>
        `${JSON.stringify(row.name)}: ${JSON.stringify({ steps: stepsDigest(row), answers })}`,
    )
  await writeFile(
    file,
    `{"server": ${JSON.stringify(server)}, "rows": {\n${lines.join(',\n')}\n}}\n`,
  )
}

function stepsDigest(row: Row): string {
  return digestText(JSON.stringify(row.steps))
}
