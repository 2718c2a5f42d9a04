import type { Attributes } from './authorization.ts'

/** Counts what is asked and answered. */
export type RequestMetrics = {
  /** Called when a request was answered. `attributes` is absent when it came to nothing before that. */
  observe(request: {
    readonly method: string
    readonly attributes: Attributes | undefined
    readonly code: number
    readonly durationMs: number
  }): void
}
