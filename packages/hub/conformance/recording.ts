import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestText } from './digest-text.ts'
import type { Answer, Row } from './row.ts'

/** What Kubernetes answered, so that the table can be judged where there is no Kubernetes. */
export type Recording = {
  readonly server: string
  readonly rows: ReadonlyMap<string, RecordedRow>
}

type RecordedRow = {
  /** Of the requests: answers to others are worth nothing. */
  readonly steps: string
  readonly answers: readonly Answer[]
}

const file = join(import.meta.dirname, 'recording.jsonl')

export async function readRecording(): Promise<Recording> {
  const [head = '', ...lines] = (await readFile(file, 'utf8')).trim().split('\n')
  const { server } = JSON.parse(head) as Pick<Recording, 'server'>
  const rows = lines.map((line) => JSON.parse(line) as RecordedRow & { readonly name: string })
  return { server, rows: new Map(rows.map((row) => [row.name, row])) }
}

/** The answers to a row; undefined if none were recorded of these very requests. */
export function recordedAnswers(recording: Recording, row: Row): readonly Answer[] | undefined {
  const recorded = recording.rows.get(row.name)
  return recorded?.steps === stepsDigest(row) ? recorded.answers : undefined
}

/** One line for each row, so that a diff of the file shows which rows changed. */
export async function writeRecording(
  server: string,
  answered: readonly { readonly row: Row; readonly answers: readonly Answer[] }[],
): Promise<void> {
  const lines = answered
    .toSorted((left, right) => (left.row.name < right.row.name ? -1 : 1))
    .map(({ row, answers }) => JSON.stringify({ name: row.name, steps: stepsDigest(row), answers }))
  await writeFile(file, `${[JSON.stringify({ server }), ...lines].join('\n')}\n`)
}

function stepsDigest(row: Row): string {
  return digestText(JSON.stringify(row.steps))
}
