import type { ClientBase } from 'pg'
import type { BodyCodec } from './body-seal.ts'
import { type DecidedBatch, decideBatch, namespaceRow } from './decide-batch.ts'
import type { KeptText } from './kept-text.ts'
import type { Change, Write } from './ledger.ts'
import { type RowKey, rowKeyText } from './row-key.ts'
import { type BatchRows, applyBatch } from './sql/apply-batch.ts'
import { lockCounter } from './sql/lock-counter.ts'
import { readRows } from './sql/read-rows.ts'

/**
 * Commits a batch of writes: one lock, one look at all the rows, the decisions, one statement, one
 * fsync. The lock is held until the commit is done, so versions are in the order of commits, without a
 * gap, whichever process makes them.
 */
export async function commitBatch(
  client: ClientBase,
  writes: readonly Write[],
  { codec, nowMs }: { codec: BodyCodec; nowMs: number },
): Promise<DecidedBatch> {
  // Sent together: the rows are read when the lock is held, in the same round trip.
  const [, lastVersion, read] = await together([
    client.query('begin'),
    lockCounter(client),
    readRows(client, keysOf(writes)),
  ])
  const bodies = new Map<KeptText, string>()
  const rows = new Map<string, KeptText>()
  for (const { body, ...key } of read) {
    const kept = codec.decode(body)
    rows.set(rowKeyText(key), kept)
    bodies.set(kept, body)
  }
  const decided = decideBatch(writes, rows, lastVersion)
  const { changes } = decided
  if (changes.length === 0) await client.query('rollback')
  else
    await together([
      applyBatch(client, rowsOfChanges(changes, { codec, nowMs, bodies })),
      client.query('commit'),
    ])
  return decided
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

type Encoding = {
  readonly codec: BodyCodec
  readonly nowMs: number
  /** What the table holds of the objects that were read; those of the batch are added. */
  readonly bodies: Map<KeptText, string>
}

function rowsOfChanges(changes: readonly Change[], { codec, nowMs, bodies }: Encoding): BatchRows {
  const last = new Map<string, Change>()
  const logged = changes.map((change) => {
    const { row, version, before, after } = change
    if (after !== undefined) bodies.set(after, codec.encode(row.resource, after.text))
    last.set(rowKeyText(row), change)
    const type = after === undefined ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED'
    const bodyOf = (kept?: KeptText) => (kept === undefined ? undefined : bodies.get(kept))
    return { ...row, version, type, before: bodyOf(before), after: bodyOf(after) } as const
  })
  const put = [...last.values()].flatMap(({ row, version, after }) =>
    after === undefined
      ? []
      : [
          {
            ...row,
            version,
            uid: after.object.metadata.uid,
            labels: JSON.stringify(after.object.metadata.labels ?? {}),
            body: bodies.get(after)!,
          },
        ],
  )
  const removed = [...last.values()].flatMap(({ row, after }) => (after === undefined ? [row] : []))
  return { put, removed, logged, version: changes.at(-1)!.version, nowMs }
}
