import { ApiError, unavailable } from '@skerry/api/status'
import { databaseError, isRefusedValue } from './database-error.ts'
import type { Outcome } from './decide-batch.ts'
import type { KeptText } from './kept-text.ts'
import type { Write } from './ledger.ts'
import { batchBytesMax, batchWritesMax, queuedWritesMax } from './limits.ts'

export type WriteQueue = AsyncDisposable & {
  /** How many wait for the commit after the one that is being made. */
  readonly waiting: number
  add(write: Write): Promise<KeptText>
}

type Waiting = {
  readonly write: Write
  readonly resolve: (kept: KeptText) => void
  readonly reject: (error: Error) => void
}

/**
 * Collects the writes of a process while the batch before them commits, so that many of them share one
 * fsync. `commit` takes a batch and answers for each write, or throws when it cannot be known.
 */
export function createWriteQueue(
  commit: (writes: readonly Write[]) => Promise<readonly Outcome[]>,
): WriteQueue {
  const queue: Waiting[] = []
  let running: Promise<void> | undefined
  let isClosed = false

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      // What arrives in the same turn of the loop goes along.
      await Promise.resolve()
      await settle(queue.splice(0, batchLength(queue)), commit)
    }
    running = undefined
  }
  return {
    get waiting() {
      return queue.length
    },
    add: (write) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(unavailable('The hub is shutting down: try again.'))
        if (queue.length >= queuedWritesMax)
          return reject(
            new ApiError(
              'TooManyRequests',
              `${queuedWritesMax} writes are waiting for the database: try again later.`,
              { retryAfterSeconds: 1 },
            ),
          )
        queue.push({ write, resolve, reject })
        running ??= drain()
      }),
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      await running
    },
  }
}

function batchLength(queue: readonly Waiting[]): number {
  let bytes = 0
  for (const [index, { write }] of queue.entries()) {
    bytes += write.bytes
    if (index === batchWritesMax || (bytes > batchBytesMax && index > 0)) return index
  }
  return queue.length
}

async function settle(
  batch: readonly Waiting[],
  commit: (writes: readonly Write[]) => Promise<readonly Outcome[]>,
): Promise<void> {
  try {
    const outcomes = await commit(batch.map(({ write }) => write))
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index]!
      if (outcome.ok) resolve(outcome.kept)
      else reject(outcome.error)
    }
  } catch (thrown) {
    // One value that PostgreSQL refuses must not take the others with it; nothing was committed.
    if (batch.length > 1 && isRefusedValue(thrown))
      for (const one of batch) await settle([one], commit)
    else for (const { reject } of batch) reject(databaseError(thrown))
  }
}
