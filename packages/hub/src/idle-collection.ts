import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '@skerry/base/clock'
import {
  collectGarbageBytesMin,
  collectHeapBytesMax,
  collectLookMs,
  idleProcessorShareMax,
} from './limits.ts'

/** What is seen of the process at one look. */
export type ProcessLook = {
  /** Processor time so far. */
  readonly processorMs: number
  readonly atMs: number
  /** What is in use on the heap, garbage too. */
  readonly heapBytes: number
}

/**
 * Whether now is the time to collect garbage: there is enough of it since the last time, for what a look
 * through the whole heap costs, and the process had next to nothing to do since the last look.
 */
export function isTimeToCollect(
  before: ProcessLook,
  now: ProcessLook,
  lastHeapBytes: number,
): boolean {
  const share = (now.processorMs - before.processorMs) / Math.max(1, now.atMs - before.atMs)
  return (
    share < idleProcessorShareMax &&
    now.heapBytes - lastHeapBytes > Math.max(collectGarbageBytesMin, lastHeapBytes / 2) &&
    now.heapBytes < collectHeapBytesMax
  )
}

/**
 * Gives memory back after a burst. V8 collects old garbage when it needs the room, so a hub that has
 * nothing to do would hold what ten thousand writes left for hours.
 */
export function collectWhenIdle(clock: Clock): Disposable {
  const stop = new AbortController()
  void keepCollecting(clock, stop.signal)
  return { [Symbol.dispose]: () => stop.abort(new Error('The hub stops.')) }
}

async function keepCollecting(clock: Clock, signal: AbortSignal): Promise<void> {
  const collect = collector()
  let before = look(clock)
  let lastHeapBytes = 0
  while (!signal.aborted) {
    await clock.sleep(collectLookMs, signal).catch(() => {})
    if (signal.aborted) return
    const now = look(clock)
    if (isTimeToCollect(before, now, lastHeapBytes)) {
      collect()
      lastHeapBytes = process.memoryUsage().heapUsed
    }
    // What V8 collected by itself counts as well.
    lastHeapBytes = Math.min(lastHeapBytes, now.heapBytes)
    before = look(clock)
  }
}

function look(clock: Clock): ProcessLook {
  const { user, system } = process.cpuUsage()
  return {
    processorMs: (user + system) / 1000,
    atMs: clock.monotonicMs(),
    heapBytes: process.memoryUsage().heapUsed,
  }
}

/** The collector is only there in contexts that are made after the flag is set. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return collect
}
