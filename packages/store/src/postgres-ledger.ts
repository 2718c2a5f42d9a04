import type { Pool } from 'pg'
import type { BodyCodec } from './body-seal.ts'
import { asking } from './database-error.ts'
import { expired } from './expired.ts'
import type { KnownTexts } from './known-texts.ts'
import type { Change, ChangeRange, Ledger, Write } from './ledger.ts'
import { changePageMax } from './limits.ts'
import { postgresSlices } from './postgres-slices.ts'
import { readTexts } from './read-texts.ts'
import { createRowBatch } from './row-batch.ts'
import { type ChangeRow, readChanges } from './sql/read-changes.ts'
import { readVersion } from './sql/read-version.ts'

export type PostgresLedgerOptions = {
  readonly pool: Pool
  readonly codec: BodyCodec
  readonly known: KnownTexts
  readonly write: (write: Write) => ReturnType<Ledger['write']>
}

export function createPostgresLedger({ pool, codec, known, write }: PostgresLedgerOptions): Ledger {
  return {
    write,
    get: createRowBatch((keys) => asking(() => readTexts(pool, keys, { codec, known }))),
    slices: (query) => postgresSlices(pool, codec, query),
    changes: async function* ({ resource, after, through }: ChangeRange) {
      for (let position = after; position < through;) {
        const query = { resource, after: position, through, limit: changePageMax }
        const { horizon, changes } = await asking(() => readChanges(pool, query))
        if (position < horizon) throw expired(position, horizon)
        for (const row of changes) yield changeOf(row, codec)
        position = changes.length < changePageMax ? through : changes.at(-1)!.version
      }
    },
    version: () => asking(() => readVersion(pool)),
  }
}

export function changeOf(row: ChangeRow, codec: BodyCodec): Change {
  const { version, resource, namespace, name, before, after } = row
  return {
    version,
    row: { resource, namespace, name },
    before: before === null ? undefined : codec.decode(before),
    after: after === null ? undefined : codec.decode(after),
  }
}
