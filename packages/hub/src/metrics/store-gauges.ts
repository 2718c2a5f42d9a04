import { Gauge, Histogram, type Registry } from 'prom-client'
import type { Clock } from '@skerry/base/clock'
import { batchBuckets, commitBucketsSeconds, scrapeWaitMsMax } from './limits.ts'

/** What the store tells of itself. */
export type StoreFigures = {
  /** Writes that wait for a commit. */
  readonly queuedWrites: () => number
  /** Changes that are committed and not yet told to the watchers of this process. */
  readonly changesBehind: () => Promise<number>
}

export type StoreMeter = {
  /** A batch of writes was committed. */
  committed(batch: { readonly writes: number; readonly durationMs: number }): void
  /** The store is open. */
  follow(figures: StoreFigures): void
}

export function createStoreMeter(registry: Registry, clock: Clock): StoreMeter {
  const registers = [registry]
  const batch = new Histogram({
    name: 'skerry_store_batch_writes',
    help: 'Writes that shared one commit.',
    buckets: batchBuckets,
    registers,
  })
  const commit = new Histogram({
    name: 'skerry_store_commit_duration_seconds',
    help: 'Seconds that a commit took.',
    buckets: commitBucketsSeconds,
    registers,
  })
  return {
    committed: ({ writes, durationMs }) => {
      batch.observe(writes)
      commit.observe(durationMs / 1000)
    },
    follow: ({ queuedWrites, changesBehind }) => {
      new Gauge({
        name: 'skerry_store_queued_writes',
        help: 'Writes that wait for a commit.',
        registers,
        collect() {
          this.set(queuedWrites())
        },
      })
      new Gauge({
        name: 'skerry_store_changes_behind',
        help: 'Changes that are committed and not yet told to watchers; -1: the database does not answer.',
        registers,
        async collect() {
          this.set(await inTime(changesBehind(), clock))
        },
      })
    },
  }
}

/** A scrape must not hang because the database does. */
async function inTime(asked: Promise<number>, clock: Clock): Promise<number> {
  const done = new AbortController()
  const late = clock.sleep(scrapeWaitMsMax, done.signal).then(
    () => -1,
    () => -1,
  )
  const answer = await Promise.race([asked.catch(() => -1), late])
  done.abort()
  return answer
}
