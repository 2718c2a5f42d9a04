import { EventQueue, type TimedEvent } from './event-queue.ts'

/** The one time of a simulated world. It moves only when nothing can go on without it. */
export type Timeline = {
  /** Milliseconds since the world began. */
  readonly elapsedMs: number
  /** Events that have happened. */
  readonly happened: number
  /** Calls after a while; the function returned calls it off. */
  after(delayMs: number, run: () => void): TimedEvent
  /**
   * Lets time pass until then, or until nothing will ever happen, or until `isOver`, which is asked after
   * each event. Rejects with what an event throws.
   */
  runUntil(untilMs: number, isOver?: () => boolean): Promise<void>
}

/** Taken before a world forbids it to everybody else. */
const nextTurn = globalThis.setImmediate

export function createTimeline(): Timeline {
  const queue = new EventQueue()
  let elapsedMs = 0
  let happened = 0
  const runUntil = (untilMs: number, isOver: () => boolean = () => false): Promise<void> =>
    new Promise((resolve, reject) => {
      // A turn of the real loop begins when no promise and no tick is left: whatever the event before
      // set going has come to rest.
      const turn = (): void => {
        try {
          if (isOver()) return resolve()
          const event = queue.take(untilMs)
          if (event === undefined) {
            elapsedMs = Math.max(elapsedMs, untilMs)
            return resolve()
          }
          elapsedMs = Math.max(elapsedMs, event.dueMs)
          happened += 1
          event.run!()
        } catch (error) {
          return reject(error)
        }
        nextTurn(turn)
      }
      nextTurn(turn)
    })
  return {
    get elapsedMs() {
      return elapsedMs
    },
    get happened() {
      return happened
    },
    after: (delayMs, run) => queue.add(elapsedMs + Math.max(0, delayMs), run),
    runUntil,
  }
}
