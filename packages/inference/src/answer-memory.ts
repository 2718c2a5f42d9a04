import type { InferenceLimits } from './limits.ts'

/** Whether a truth was counted, and how it stood. `repeated`: counted before, answered alike. */
export type Judgement =
  | {
      readonly ok: true
      readonly judged: number
      readonly correct: number
      readonly isRepeated: boolean
    }
  | { readonly ok: false; readonly reason: 'unknown' }
  | { readonly ok: false; readonly reason: 'wrong count'; readonly rows: number }

type Answer = {
  readonly classes: readonly number[]
  readonly atMs: number
  /** How many rows were right, once the truth is known. */
  correct?: number
}

/**
 * Which classes were answered under which request id, until the truth comes or time or room runs out.
 * About 200 bytes an answer: 13 MB when full.
 */
export class AnswerMemory {
  readonly #limits: Pick<InferenceLimits, 'truthAgeMsMax' | 'truthRowsMax'>
  /** Oldest first, as a Map keeps its order. */
  readonly #answers = new Map<string, Answer>()
  #rows = 0

  constructor(limits: Pick<InferenceLimits, 'truthAgeMsMax' | 'truthRowsMax'>) {
    this.#limits = limits
  }

  remember(id: string, classes: readonly number[], nowMs: number): void {
    this.#forget(id)
    if (classes.length === 0 || classes.length > this.#limits.truthRowsMax) return
    this.#answers.set(id, { classes, atMs: nowMs })
    this.#rows += classes.length
    for (const [oldest, { atMs }] of this.#answers) {
      const isFull = this.#rows > this.#limits.truthRowsMax
      if (!isFull && nowMs - atMs <= this.#limits.truthAgeMsMax) break
      this.#forget(oldest)
    }
  }

  /** Compares with the true labels, one a row. The first truth counts; a repeated one gets the same answer. */
  judge(id: string, labels: readonly string[], nowMs: number): Judgement {
    const answer = this.#answers.get(id)
    if (answer === undefined || nowMs - answer.atMs > this.#limits.truthAgeMsMax)
      return { ok: false, reason: 'unknown' }
    const rows = answer.classes.length
    if (labels.length !== rows) return { ok: false, reason: 'wrong count', rows }
    if (answer.correct !== undefined)
      return { ok: true, judged: rows, correct: answer.correct, isRepeated: true }
    const correct = answer.classes.filter((each, row) => String(each) === labels[row]).length
    answer.correct = correct
    return { ok: true, judged: rows, correct, isRepeated: false }
  }

  #forget(id: string): void {
    const answer = this.#answers.get(id)
    if (answer === undefined) return
    this.#answers.delete(id)
    this.#rows -= answer.classes.length
  }
}
