import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leaseKind } from '@skerry/api/kinds/core'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { withDatabase } from '@skerry/testing/database'
import { edit } from '@skerry/testing/state-conformance-tools'
import { connect } from '../src/postgres-connections.ts'
import { openPostgresStore } from '../src/postgres-store.ts'
import { compactChanges } from '../src/sql/compact-changes.ts'

const leases = 100
const renewals = 20

type Worn = { updates: number; hot: number; pages: number }

async function worn(databaseUrl: string, table: string): Promise<Worn> {
  const client = await connect(databaseUrl)
  try {
    const { rows } = await client.query<Worn>(
      `select n_tup_upd::int as updates, n_tup_hot_upd::int as hot,
        (pg_relation_size(relid) / 8192)::int as pages
       from pg_stat_user_tables where relname = $1`,
      [table],
    )
    return rows[0]!
  } finally {
    await client.end()
  }
}

describe('heartbeats', () => {
  it('touch no index, and the table stays as small as it was', async () => {
    await using database = await withDatabase()
    const doors = { clock: systemClock, random: systemRandom, log: silentLog }
    await using store = await openPostgresStore({ ...doors, ...database })
    const { state } = store
    const kept = await Promise.all(
      Array.from({ length: leases }, (_, index) =>
        state.create(leaseKind, {
          metadata: { name: `node-${index}`, namespace: 'default', labels: { of: 'site' } },
          spec: { holderIdentity: `node-${index}`, leaseDurationSeconds: 40 },
        }),
      ),
    )
    const before = await worn(database.databaseUrl, 'objects')
    for (let renewal = 1; renewal <= renewals; renewal += 1)
      await Promise.all(
        kept.map(async (lease, index) => {
          const next = edit(lease)
          const renewTime = `2030-01-01T00:00:${String(renewal).padStart(2, '0')}.000000Z`
          next['spec'] = { ...lease.spec, renewTime }
          kept[index] = await state.update(leaseKind, next)
        }),
      )
    let after = before
    // PostgreSQL tells of it at the end of a transaction a second later, or when ten have passed.
    await systemClock.sleep(1_100)
    await state.create(leaseKind, { metadata: { name: 'last', namespace: 'default' } })
    for (let tries = 0; tries < 50 && after.updates < leases * renewals; tries += 1) {
      await systemClock.sleep(100)
      after = await worn(database.databaseUrl, 'objects')
    }
    assert.equal(after.updates, leases * renewals)
    assert.ok(after.hot >= after.updates * 0.9, `${after.hot} of ${after.updates} were HOT`)
    assert.ok(after.pages <= before.pages * 4 + 4, `${before.pages} pages became ${after.pages}`)
    const client = await connect(database.databaseUrl)
    try {
      while ((await compactChanges(client, 100, 500)) > 0);
      const { rows } = await client.query<{ count: string }>('select count(*) from changes')
      assert.equal(Number(rows[0]!.count), 100, 'the log forgets all but what is kept')
    } finally {
      await client.end()
    }
  })
})
