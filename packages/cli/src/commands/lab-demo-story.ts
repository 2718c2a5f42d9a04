import type { Clock } from '@skerry/base/clock'
import { CommandError } from '../exit-code.ts'
import { paint } from '../output.ts'
import { demoLimits } from './lab-demo-limits.ts'

export type StoryScreen = { readonly isTTY?: boolean; write(text: string): unknown }

export type Waiting = {
  /** After "waiting for". */
  readonly what: string
  readonly withinMs: number
  /** Where to look when it does not come. */
  readonly hint: () => string
  readonly stop: AbortSignal
  /** What is going on meanwhile, drawn over itself on a terminal. */
  readonly now?: () => string
}

type Chapter = { readonly title: string; readonly ms: number; readonly parts: readonly Part[] }
export type Part = { readonly title: string; readonly ms: number }

/** Tells what happens while it happens, and keeps how long each chapter took. */
export class DemoStory {
  readonly #screen: StoryScreen
  readonly #clock: Clock
  readonly #startMs: number
  #chapters: Chapter[] = []
  #parts: Part[] = []
  #isDrawn = false

  constructor(screen: StoryScreen, clock: Clock) {
    this.#screen = screen
    this.#clock = clock
    this.#startMs = clock.monotonicMs()
  }

  get elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startMs
  }

  /** A chapter: its title, what it says of itself, and its time. */
  async chapter<T>(title: string, act: () => Promise<T>): Promise<T> {
    const startMs = this.elapsedMs
    this.#parts = []
    this.#line(`${paint.bold(`▶ ${title}`)} ${paint.dim(`(${clockOf(startMs)})`)}`)
    const result = await act()
    const ms = this.elapsedMs - startMs
    this.#chapters.push({ title, ms, parts: this.#parts })
    this.#line(`${paint.green('✓')} ${title} ${paint.dim(seconds(ms))}`)
    return result
  }

  /** A time within the chapter that is worth a line of its own in the end. */
  part(title: string, ms: number): void {
    this.#parts.push({ title, ms })
  }

  note(text: string): void {
    this.#line(`    ${text}`)
  }

  /** What is under way, drawn over itself; elsewhere than on a terminal it is not shown. */
  draw(text: string): void {
    if (this.#screen.isTTY !== true) return
    this.#screen.write(`\r\u001B[K    ${paint.dim(text)}`)
    this.#isDrawn = true
  }

  /** Looks again and again until there is an answer. A look that fails is repeated, too. */
  async until<T>(waiting: Waiting, look: () => Promise<T | undefined>): Promise<T> {
    const startMs = this.#clock.monotonicMs()
    let saidMs = startMs
    let problem = ''
    for (;;) {
      waiting.stop.throwIfAborted()
      try {
        const found = await look()
        if (found !== undefined) return found
        problem = ''
      } catch (error) {
        if (error instanceof CommandError) throw error
        problem = ` The last try: ${error instanceof Error ? error.message : String(error)}.`
      }
      const nowMs = this.#clock.monotonicMs()
      const text = `… waiting for ${waiting.what}, ${seconds(nowMs - startMs)}${suffix(waiting.now?.())}`
      if (nowMs - startMs > waiting.withinMs)
        throw new CommandError(
          `${waiting.what} did not come within ${waiting.withinMs / 1000} s.${problem} ${waiting.hint()}`,
        )
      if (this.#screen.isTTY === true) this.draw(text)
      else if (nowMs - saidMs >= demoLimits.stillWaitingMs) {
        saidMs = nowMs
        this.note(text)
      }
      await this.#clock.sleep(demoLimits.lookEveryMs, waiting.stop)
    }
  }

  /** The table at the end. */
  table(): string {
    const rows = this.#chapters.flatMap(({ title, ms, parts }) => [
      { title, ms },
      ...parts.map((part) => ({ title: `    ${part.title}`, ms: part.ms })),
    ])
    const all = [...rows, { title: 'all of it', ms: this.elapsedMs }]
    const width = Math.max(...all.map(({ title }) => title.length))
    return all
      .map(({ title, ms }) => `  ${title.padEnd(width)}  ${seconds(ms).padStart(8)}\n`)
      .join('')
  }

  clear(): void {
    if (this.#isDrawn) this.#screen.write('\r\u001B[K')
    this.#isDrawn = false
  }

  #line(text: string): void {
    this.clear()
    this.#screen.write(`${text}\n`)
  }
}

const suffix = (text: string | undefined) => (text === undefined || text === '' ? '' : `: ${text}`)
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** 75,000 ms is 1:15. */
function clockOf(ms: number): string {
  const whole = Math.floor(ms / 1000)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
