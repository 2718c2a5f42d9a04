import { labLimits } from './limits.ts'

/** A line of a machine's console and when it ended. */
export type ConsoleLine = {
  readonly seconds: number
  readonly text: string
}

export type LineSplitter = {
  /** Lines that these bytes end. */
  push(bytes: Uint8Array): string[]
  /** What has come of the line that has not ended. */
  readonly unfinished: string
}

/**
 * Bytes of a serial console as lines: latin1, without the sequences that colour text and move the cursor.
 * Firmware draws screens with them, so a sequence that places the cursor also ends a line.
 */
export function createLineSplitter(
  lineCharactersMax: number = labLimits.consoleLineCharactersMax,
): LineSplitter {
  let rest = ''
  return {
    push(bytes) {
      const lines: string[] = []
      rest += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
      // A sequence may be cut between two pieces: what could still become one waits for the next.
      const open = unfinishedSequence(rest)
      let text = stripSequences(rest.slice(0, rest.length - open.length))
      for (;;) {
        const end = text.indexOf('\n')
        if (end < 0 && text.length <= lineCharactersMax) break
        const cut = end < 0 || end > lineCharactersMax ? lineCharactersMax : end
        lines.push(text.slice(0, cut))
        text = text.slice(cut === end ? cut + 1 : cut)
      }
      rest = text + open
      return lines
    },
    get unfinished() {
      return stripSequences(rest)
    },
  }
}

const sequenceBytesMax = 32
const escape = '\u001B'
// Escape, then `[`, parameters and a letter; or `(` or `)` and a letter; or one other character.
const sequence = new RegExp(`${escape}(?:\\[[0-9;?=<>!]*[ -/]*[@-~]|[()#][A-Z0-9]|[^[()#])`, 'g')
const cursorPlacement = new RegExp(`${escape}\\[[0-9;]*[Hf]`, 'g')
const openSequence = new RegExp(`${escape}(?:\\[[0-9;?=<>!]*[ -/]*|[()#])?$`)

function stripSequences(text: string): string {
  return text
    .replace(cursorPlacement, '\n')
    .replace(sequence, '')
    .replace(/[\r\0]/g, '')
    .replace(/\n{2,}/g, '\n')
}

function unfinishedSequence(text: string): string {
  const found = openSequence.exec(text)?.[0] ?? ''
  return found.length > sequenceBytesMax ? '' : found
}

/** The line as the console's file and errors show it. */
export function formatLine(line: ConsoleLine): string {
  return `[${line.seconds.toFixed(2).padStart(8)}] ${line.text}`
}
