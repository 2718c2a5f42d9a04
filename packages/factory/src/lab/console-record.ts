import { closeSync, openSync, writeSync } from 'node:fs'
import { type ConsoleLine, formatLine } from './console-lines.ts'
import { labLimits } from './limits.ts'

/** What a console has said: the last lines in memory, all of it in a file. */
export class ConsoleRecord implements Disposable {
  readonly file: string
  #lines: ConsoleLine[] = []
  /** Number of the first line that is still in memory. */
  #first = 0
  #fd: number
  #fileBytes = 0
  #watchers = new Set<(line: ConsoleLine) => void>()
  #byteWatchers = new Set<(bytes: Uint8Array) => void>()
  #hasEnded = false
  #change = Promise.withResolvers<void>()

  constructor(file: string) {
    this.file = file
    this.#fd = openSync(file, 'a', 0o600)
  }

  /** Number of the line that comes next. */
  get length(): number {
    return this.#first + this.#lines.length
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  add(line: ConsoleLine): void {
    if (this.#hasEnded) return
    const text = Buffer.from(`${formatLine(line)}\n`)
    if (this.#fileBytes + text.length <= labLimits.consoleFileBytesMax) {
      writeSync(this.#fd, text)
      this.#fileBytes += text.length
    }
    this.#lines.push(line)
    // In pieces, so that dropping the oldest costs nothing for each line.
    if (this.#lines.length >= 2 * labLimits.consoleLinesMax) {
      this.#first += labLimits.consoleLinesMax
      this.#lines = this.#lines.slice(labLimits.consoleLinesMax)
    }
    for (const watcher of this.#watchers) watcher(line)
    this.wake()
  }

  /** Calls at once for each line that comes, before anything else is done with it. */
  watch(watcher: (line: ConsoleLine) => void): Disposable {
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  /** All that comes, as it comes, for a person who types at a prompt. */
  addBytes(bytes: Uint8Array): void {
    for (const watcher of this.#byteWatchers) watcher(bytes)
  }

  watchBytes(watcher: (bytes: Uint8Array) => void): Disposable {
    this.#byteWatchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#byteWatchers.delete(watcher) }
  }

  /** The line of this number; undefined if it has not come, or is so old that only the file has it. */
  at(number: number): ConsoleLine | undefined {
    return this.#lines[number - this.#first]
  }

  /** The first line from `number` on that matches, and its number. */
  find(
    pattern: RegExp,
    number: number,
  ): { readonly line: ConsoleLine; readonly number: number } | undefined {
    for (let index = Math.max(number, this.#first); index < this.length; index++) {
      const line = this.at(index)!
      // A pattern with the flag g would remember where it stopped.
      if (line.text.search(pattern) >= 0) return { line, number: index }
    }
    return undefined
  }

  tail(lines: number = labLimits.consoleTailLinesMax): string {
    return this.#lines.slice(-lines).map(formatLine).join('\n')
  }

  /** Every line from now on, and with `number` those since then; ends with the record. */
  async *lines(number: number = this.length): AsyncGenerator<ConsoleLine, void> {
    for (let next = number; ; next++) {
      while (next >= this.length) {
        if (this.#hasEnded) return
        await this.changed()
      }
      next = Math.max(next, this.#first)
      yield this.at(next)!
    }
  }

  /** Resolves when a line comes or somebody calls `wake`. */
  changed(): Promise<void> {
    return this.#change.promise
  }

  wake(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }

  [Symbol.dispose](): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    closeSync(this.#fd)
    this.wake()
  }
}
