import { apiBodyMs, apiReaderStuckMs, uploadWindowBytesMin, uploadWindowMs } from '../limits.ts'

/** What is seen of a request that is not over. */
export type RequestSight = {
  readonly isUpload: boolean
  /** Some of its body is still to come. */
  readonly isSending: boolean
  /** It was answered, and some of the answer has not been taken. */
  readonly isReading: boolean
  readonly nowMs: number
  readonly startedMs: number
  /** Bytes that have come and gone on its connection. */
  readonly received: number
  readonly sent: number
}

/** Where it was when it was last seen to move. */
export type RequestMark = {
  readonly atMs: number
  readonly received: number
  readonly sent: number
}

export type SlowVerdict = 'fine' | 'slow-body' | 'slow-reader'

/** Whether a request is too slow to be borne any longer, and what to remember of it. */
export function judgeSlowness(
  sight: RequestSight,
  mark: RequestMark,
): { readonly verdict: SlowVerdict; readonly mark: RequestMark } {
  const { isUpload, isSending, isReading, nowMs, startedMs, received, sent } = sight
  const now = { atMs: nowMs, received, sent }
  if (isSending && !isUpload && nowMs - startedMs > apiBodyMs) return { verdict: 'slow-body', mark }
  if (isSending && isUpload) {
    if (nowMs - mark.atMs < uploadWindowMs) return { verdict: 'fine', mark }
    const isMoving = received - mark.received >= uploadWindowBytesMin
    return isMoving ? { verdict: 'fine', mark: now } : { verdict: 'slow-body', mark }
  }
  if (!isReading || sent > mark.sent) return { verdict: 'fine', mark: now }
  return { verdict: nowMs - mark.atMs > apiReaderStuckMs ? 'slow-reader' : 'fine', mark }
}
