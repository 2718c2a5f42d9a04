import { flowSharePart } from './limits.ts'

/** What waits for seats; told once that it has them, unless it left before. */
export type Waiting = { readonly seats: number; readonly start: () => void }

type Flow = {
  readonly name: string
  inUse: number
  /** Oldest first. */
  readonly waiting: Set<Waiting>
  /** When it was last served, counted in turns. */
  servedAt: number
}

/**
 * The seats of one class, shared fairly between its flows: whoever holds the fewest comes first, then
 * whoever has waited for its turn the longest. One flow never holds more than its part of the seats.
 */
export class FairQueue {
  readonly #seats: number
  readonly #flowSeats: number
  /** Only flows that hold or wait for something: idle ones cost nothing. */
  readonly #flows = new Map<string, Flow>()
  #inUse = 0
  #waiting = 0
  #turns = 0

  constructor(seats: number) {
    this.#seats = seats
    this.#flowSeats = Math.max(1, Math.floor(seats * flowSharePart))
  }

  get inUse(): number {
    return this.#inUse
  }

  get waiting(): number {
    return this.#waiting
  }

  waitingOf(flow: string): number {
    return this.#flows.get(flow)?.waiting.size ?? 0
  }

  /** Takes seats if nobody has to wait for them; false if there is a queue, or no room. */
  tryTake(name: string, seats: number): boolean {
    const flow = this.#flows.get(name) ?? newFlow(name)
    // Others wait for the class, or because of their own part only: whoever holds less goes first.
    if (flow.waiting.size > 0 || !this.#fits(flow, seats) || this.#isPassing(flow)) return false
    this.#flows.set(name, flow)
    this.#give(flow, seats)
    return true
  }

  add(name: string, waiting: Waiting): void {
    const flow = this.#flows.get(name) ?? newFlow(name)
    this.#flows.set(name, flow)
    flow.waiting.add(waiting)
    this.#waiting += 1
  }

  /** Stops waiting; false, and nothing happens, if its turn has come. */
  leave(name: string, waiting: Waiting): boolean {
    const flow = this.#flows.get(name)
    if (flow?.waiting.delete(waiting) !== true) return false
    this.#waiting -= 1
    this.#forgetIdle(flow)
    this.#serve()
    return true
  }

  giveBack(name: string, seats: number): void {
    const flow = this.#flows.get(name)!
    flow.inUse -= seats
    this.#inUse -= seats
    this.#forgetIdle(flow)
    this.#serve()
  }

  #give(flow: Flow, seats: number): void {
    flow.inUse += seats
    this.#inUse += seats
    this.#turns += 1
    flow.servedAt = this.#turns
  }

  /** What is wider than all the room there is starts when nothing else runs. */
  #fits(flow: Flow, seats: number): boolean {
    const inClass = this.#inUse === 0 || this.#inUse + seats <= this.#seats
    return inClass && this.#fitsFlow(flow, seats)
  }

  #fitsFlow(flow: Flow, seats: number): boolean {
    return flow.inUse === 0 || flow.inUse + seats <= this.#flowSeats
  }

  /** Whether a newcomer would go before a flow that waits for the class and holds no more than it. */
  #isPassing(newcomer: Flow): boolean {
    if (this.#waiting === 0) return false
    const next = this.#next()
    return next !== undefined && next.inUse <= newcomer.inUse
  }

  #serve(): void {
    while (this.#waiting > 0) {
      const flow = this.#next()
      const first = flow?.waiting.values().next().value
      // The next in line waits for room; nobody behind it may take that room bit by bit.
      if (flow === undefined || first === undefined || !this.#fits(flow, first.seats)) return
      flow.waiting.delete(first)
      this.#waiting -= 1
      this.#give(flow, first.seats)
      first.start()
    }
  }

  /** The flow whose turn it is, of those that may hold more. */
  #next(): Flow | undefined {
    let next: Flow | undefined
    for (const flow of this.#flows.values()) {
      const first = flow.waiting.values().next().value
      if (first === undefined || !this.#fitsFlow(flow, first.seats)) continue
      const isBefore =
        next === undefined ||
        flow.inUse < next.inUse ||
        (flow.inUse === next.inUse && flow.servedAt < next.servedAt)
      if (isBefore) next = flow
    }
    return next
  }

  #forgetIdle(flow: Flow): void {
    if (flow.inUse === 0 && flow.waiting.size === 0) this.#flows.delete(flow.name)
  }
}

function newFlow(name: string): Flow {
  return { name, inUse: 0, waiting: new Set(), servedAt: 0 }
}
