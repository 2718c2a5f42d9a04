import { toError } from '@skerry/base/assert'
import { ApiError } from '@skerry/api/status'
import type { ClientBase } from 'pg'
import type { BodyCodec } from './body-seal.ts'
import { isAnswered } from './database-error.ts'
import { type DecidedBatch, decideBatch, namespaceRow } from './decide-batch.ts'
import type { KeptText } from './kept-text.ts'
import type { KnownTexts } from './known-texts.ts'
import type { Change, Write } from './ledger.ts'
import { readTexts } from './read-texts.ts'
import { type RowKey, rowKeyText } from './row-key.ts'
import { type BatchRows, type PutRow, applyBatch } from './sql/apply-batch.ts'
import { lockCounter } from './sql/lock-counter.ts'

/**
 * Commits a batch of writes: one lock, one look at all the rows, the decisions, one statement, one
 * fsync. The lock is held until the commit is done, so versions are in the order of commits, without a
 * gap, whichever process makes them.
 */
export async function commitBatch(
  client: ClientBase,
  writes: readonly Write[],
  { codec, known, nowMs }: Committing,
): Promise<DecidedBatch> {
  // Sent together: the rows are read when the lock is held, in the same round trip.
  const [, lastVersion, rows] = await together([
    client.query('begin'),
    lockCounter(client),
    readTexts(client, keysOf(writes), { codec, known }),
  ])
  const decided = decideBatch(writes, rows, lastVersion)
  const { changes } = decided
  if (changes.length === 0) await client.query('rollback')
  else
    await knowing(
      together([
        applyBatch(client, rowsOfChanges(changes, { codec, nowMs })),
        client.query('commit'),
      ]),
    )
  // In the order of the changes, so that the last of a row is what is known of it.
  for (const { row, version, after } of changes)
    if (after === undefined) known.delete(row)
    else known.set(row, version, after)
  return decided
}

export type Committing = {
  readonly codec: BodyCodec
  readonly known: KnownTexts
  readonly nowMs: number
}

/** A commit of which no answer came may have been made, and nobody may say that it was not. */
async function knowing<T>(committing: Promise<T>): Promise<T> {
  try {
    return await committing
  } catch (thrown) {
    throw isAnswered(thrown)
      ? thrown
      : new ApiError(
          'Timeout',
          `The database went away while it wrote: whether the write was made is not known. Read the object before you try again. (${toError(thrown).message})`,
        )
  }
}

/** Waits for all, and throws what the first that failed did: those after it fail because of it. */
async function together<T extends readonly Promise<unknown>[]>(
  promises: readonly [...T],
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(promises)
  return (await Promise.all(promises)) as { -readonly [Index in keyof T]: Awaited<T[Index]> }
}

function keysOf(writes: readonly Write[]): RowKey[] {
  const keys = new Map<string, RowKey>()
  for (const { row, within } of writes) {
    keys.set(rowKeyText(row), row)
    if (within !== undefined) keys.set(rowKeyText(namespaceRow(within)), namespaceRow(within))
  }
  return [...keys.values()]
}

type Encoding = { readonly codec: BodyCodec; readonly nowMs: number }

/** Texts are sent once: the log has what the table held and what is put there. */
function rowsOfChanges(changes: readonly Change[], { codec, nowMs }: Encoding): BatchRows {
  const lastOf = new Map(changes.map((change) => [rowKeyText(change.row), change]))
  const seen = new Set<string>()
  const bodyOf = ({ row }: Change, kept?: KeptText) =>
    kept === undefined ? undefined : codec.encode(row.resource, kept.text)
  const logged = changes.map((change) => {
    const { row, version, before, after } = change
    const key = rowKeyText(row)
    const isAgain = seen.has(key)
    const isLast = lastOf.get(key) === change
    seen.add(key)
    const type = after === undefined ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED'
    return {
      ...row,
      version,
      type,
      before: isAgain ? bodyOf(change, before) : undefined,
      after: isLast ? undefined : bodyOf(change, after),
    } as const
  })
  const put = [...lastOf.values()].flatMap((change) => putRow(change, bodyOf))
  const removed = [...lastOf.values()].flatMap(({ row, after }) =>
    after === undefined ? [row] : [],
  )
  return { put, removed, logged, version: changes.at(-1)!.version, nowMs }
}

function putRow(
  change: Change,
  bodyOf: (change: Change, kept?: KeptText) => string | undefined,
): PutRow[] {
  const { row, version, after } = change
  if (after === undefined) return []
  const { uid, labels = {} } = after.object.metadata
  return [{ ...row, version, uid, labels: JSON.stringify(labels), body: bodyOf(change, after)! }]
}
