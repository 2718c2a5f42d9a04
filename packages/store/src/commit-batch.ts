import type { StoredObject } from '@skerry/api/object'
import type { ClientBase } from 'pg'
import type { BodyCodec } from './body-seal.ts'
import { type Outcome, type TextChange, decideBatch, namespaceRow } from './decide-batch.ts'
import type { Write } from './ledger.ts'
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
): Promise<readonly Outcome[]> {
  await client.query('begin')
  const lastVersion = await lockCounter(client)
  const texts = new Map<StoredObject, string>()
  const rows = new Map<string, StoredObject>()
  for (const { body, ...key } of await readRows(client, keysOf(writes))) {
    const object = codec.decode(body)
    rows.set(rowKeyText(key), object)
    texts.set(object, body)
  }
  const { outcomes, changes } = decideBatch(writes, rows, lastVersion)
  if (changes.length === 0) {
    await client.query('rollback')
    return outcomes
  }
  await applyBatch(client, rowsOfChanges(changes, { codec, nowMs, texts }))
  await client.query('commit')
  return outcomes
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
  /** The stored text of objects that were read; those of the batch are added. */
  readonly texts: Map<StoredObject, string>
}

function rowsOfChanges(
  changes: readonly TextChange[],
  { codec, nowMs, texts }: Encoding,
): BatchRows {
  const last = new Map<string, TextChange>()
  const logged = changes.map((change) => {
    const { row, version, before, after, afterText } = change
    if (after !== undefined) texts.set(after, codec.encode(row.resource, afterText!))
    last.set(rowKeyText(row), change)
    const type = after === undefined ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED'
    const textOf = (object?: StoredObject) => (object === undefined ? undefined : texts.get(object))
    return { ...row, version, type, before: textOf(before), after: textOf(after) } as const
  })
  const put = [...last.values()].flatMap(({ row, version, after }) =>
    after === undefined
      ? []
      : [
          {
            ...row,
            version,
            uid: after.metadata.uid,
            labels: JSON.stringify(after.metadata.labels ?? {}),
            body: texts.get(after)!,
          },
        ],
  )
  const removed = [...last.values()].flatMap(({ row, after }) => (after === undefined ? [row] : []))
  return { put, removed, logged, version: changes.at(-1)!.version, nowMs }
}
