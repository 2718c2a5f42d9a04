import type { AnyKind } from '@skerry/api/kind'
import type { ApiRequest, Attributes } from './authorization.ts'

/** What is counted of a request that was asked and answered. */
export type RequestOutcome = {
  readonly code: number
  readonly durationMs: number
  /** Absent when it came to nothing before that. */
  readonly attributes: Attributes | undefined
  readonly isDryRun: boolean
}

/** Counts what is asked and answered. */
export type RequestMetrics = {
  begin(request: ApiRequest): RequestCount
  /** Events were sent to a watcher. */
  sent?(kind: AnyKind, events: number): void
  /** Everything that was counted, as `/metrics` answers it. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>
}

export type RequestCount = {
  /** A watch has begun: from now on it is one of the requests that last. */
  begun(attributes: Attributes): void
  done(outcome: RequestOutcome): void
}
