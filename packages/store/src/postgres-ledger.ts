import type { FieldSelector, LabelSelector } from '@skerry/api/selector'
import { gone } from '@skerry/api/status'
import type { Pool } from 'pg'
import type { BodyCodec } from './body-seal.ts'
import { asking } from './database-error.ts'
import type { Change, ChangeRange, Ledger, Write } from './ledger.ts'
import { changePageMax } from './limits.ts'
import { isStorable } from './row-key.ts'
import { getObject } from './sql/get-object.ts'
import { type ListQuery, listObjects } from './sql/list-objects.ts'
import { type ChangeRow, readChanges } from './sql/read-changes.ts'
import { readVersion } from './sql/read-version.ts'

export type PostgresLedgerOptions = {
  readonly pool: Pool
  readonly codec: BodyCodec
  readonly write: (write: Write) => ReturnType<Ledger['write']>
}

export function createPostgresLedger({ pool, codec, write }: PostgresLedgerOptions): Ledger {
  return {
    write,
    get: async (row) => {
      const body = await asking(() => getObject(pool, row))
      return body === undefined ? undefined : codec.decode(body)
    },
    list: async (resource, { namespace, labelSelector, fieldSelector }) => {
      const name = exactField(fieldSelector, 'metadata.name')
      const labels = exactLabels(labelSelector)
      const query: ListQuery = { resource, namespace, name, labels }
      if (!isStorable(namespace, name, ...Object.values(labels ?? {})))
        return { items: [], version: await asking(() => readVersion(pool)) }
      const { version, bodies } = await asking(() => listObjects(pool, query))
      return { version, items: bodies.map((body) => codec.decode(body)) }
    },
    changes: async function* ({ resource, after, through }: ChangeRange) {
      for (let position = after; position < through;) {
        const query = { resource, after: position, through, limit: changePageMax }
        const { horizon, changes } = await asking(() => readChanges(pool, query))
        if (position < horizon) throw expired(horizon)
        for (const row of changes) yield changeOf(row, codec)
        position = changes.length < changePageMax ? through : changes.at(-1)!.version
      }
    },
    version: () => asking(() => readVersion(pool)),
  }
}

export function expired(horizon: number) {
  return gone(`Changes up to ${horizon} are no longer kept: list again and watch from there.`)
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

/** The part of a selector that an index answers; the rest is looked at afterwards. */
function exactLabels(selector: LabelSelector | undefined): Record<string, string> | undefined {
  const pairs = (selector ?? []).flatMap((requirement): [string, string][] =>
    requirement.operator === 'In' && requirement.values.length === 1
      ? [[requirement.key, requirement.values[0]!]]
      : [],
  )
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs)
}

function exactField(selector: FieldSelector | undefined, path: string): string | undefined {
  return selector?.find((term) => term.path === path && term.operator === '=')?.value
}
