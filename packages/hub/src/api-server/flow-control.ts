import type { Attributes, User } from './authorization.ts'

/** Lets requests in, fairly: one greedy client harms nobody. */
export type FlowControl = {
  /**
   * Waits for a turn; dispose it when the request has been answered (a watch: when it has begun). Throws
   * TooManyRequests when there is no room to wait, or none came in time.
   */
  enter(user: User, attributes: Attributes, signal: AbortSignal): Promise<Disposable>
}

/** Everybody at once. */
export const unlimited: FlowControl = {
  enter: async () => ({ [Symbol.dispose]: () => {} }),
}
