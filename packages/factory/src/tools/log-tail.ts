import { logBytesMax, logLineBytesMax, logLinesShown } from './limits.ts'

/** Keeps the end of what a program writes, and tells each whole line as it comes. */
export type LogTail = {
  write(chunk: Buffer): void
  /** Tells the last line, which may lack its end. */
  end(): void
  text(): string
}

export function createLogTail(onLine?: (line: string) => void): LogTail {
  let kept = ''
  let line = ''
  const decoder = new TextDecoder()
  const tell = () => {
    if (line !== '') onLine?.(line)
    line = ''
  }
  return {
    write(chunk) {
      const text = decoder.decode(chunk, { stream: true })
      kept = (kept + text).slice(-logBytesMax)
      const pieces = text.split(/\r?\n|\r/)
      for (const [index, piece] of pieces.entries()) {
        if (index > 0) tell()
        line = (line + piece).slice(0, logLineBytesMax)
      }
    },
    end: tell,
    text: () => kept,
  }
}

/** The lines of a log that an error shows. */
export function lastLines(log: string): string {
  const lines = log.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return lines
    .slice(-logLinesShown)
    .map((line) => `  ${line.slice(0, 400)}`)
    .join('\n')
}
