import type { Attributes, User } from './authorization.ts'
import type { ApiResponse } from './call.ts'

/** One request that asks for its turn. */
export type FlowRequest = {
  readonly user: User
  readonly attributes: Attributes
  readonly query: URLSearchParams
  /** Its end is the end of the waiting: nobody reads the answer any more. */
  readonly response: ApiResponse
  /** Aborts when the server is closed. */
  readonly closing: AbortSignal
}

/** Lets requests in, fairly: one greedy client harms nobody. */
export type FlowControl = {
  /**
   * Waits for a turn; dispose it when the request has been answered (a watch: when it has begun). Throws
   * TooManyRequests when there is no room to wait, or none came in time.
   */
  enter(request: FlowRequest): Promise<Disposable>
}

/** Everybody at once. */
export const unlimited: FlowControl = {
  enter: async () => ({ [Symbol.dispose]: () => {} }),
}
