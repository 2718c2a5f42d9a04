/** Something that is to happen at a moment; calling it off leaves its place in the queue empty. */
export type TimedEvent = {
  readonly dueMs: number
  /** Grows with each event: of two that are due together the one that was asked for first is first. */
  readonly order: number
  /** Undefined once it was called off. */
  run: (() => void) | undefined
}

/** Events by the moment at which they are due: a binary heap. */
export class EventQueue {
  readonly #heap: TimedEvent[] = []
  #asked = 0

  get size(): number {
    return this.#heap.length
  }

  add(dueMs: number, run: () => void): TimedEvent {
    const event: TimedEvent = { dueMs, order: this.#asked++, run }
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(heap[parent]!, event)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
    return event
  }

  /** The next event that was not called off, if it is due by then. */
  take(untilMs: number): TimedEvent | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.dueMs > untilMs) return undefined
      this.#removeFirst()
      if (first.run !== undefined) return first
    }
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()!
    const { length } = heap
    if (length === 0) return
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= length) break
      const right = left + 1
      const child = right < length && isBefore(heap[right]!, heap[left]!) ? right : left
      if (isBefore(last, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(left: TimedEvent, right: TimedEvent): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order)
}
