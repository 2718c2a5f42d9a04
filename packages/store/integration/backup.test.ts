import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind, secretKind } from '@skerry/api/kinds/core'
import { parseJson } from '@skerry/base/json'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { type TestDatabase, withDatabase, withEmptyDatabase } from '@skerry/testing/database'
import { createConfigMap, key, openWatch, refused } from '@skerry/testing/state-conformance-tools'
import { exportStore, importStore } from '../src/backup.ts'
import { beginNewEpoch } from '../src/begin-new-epoch.ts'
import { connect } from '../src/postgres-connections.ts'
import { openPostgresStore } from '../src/postgres-store.ts'
import { rollupOf, specOf } from './records.ts'

const sealer = {
  seal: (plain: string) => Buffer.from(plain).toString('base64'),
  open: (sealed: string) => Buffer.from(sealed, 'base64').toString(),
}
const doors = { clock: systemClock, random: systemRandom, log: silentLog, sealer }

async function linesOf({ databaseUrl }: TestDatabase): Promise<string[]> {
  const client = await connect(databaseUrl)
  try {
    return await Array.fromAsync(exportStore(client))
  } finally {
    await client.end()
  }
}

async function importInto({ databaseUrl }: TestDatabase, lines: string[]): Promise<number> {
  const client = await connect(databaseUrl)
  const stream = async function* () {
    yield* lines
  }
  try {
    return await importStore(client, stream(), systemClock)
  } finally {
    await client.end()
  }
}

describe('backup', () => {
  it('comes back whole, in a new epoch with higher versions', async () => {
    await using source = await withDatabase()
    await using target = await withEmptyDatabase()
    await using before = await openPostgresStore({ ...doors, ...source })
    const data = parseJson('{"nul":"a \\u0000 b","quote":"\\"\\\\n"}') as Record<string, string>
    const odd = await createConfigMap(before.state, 'odd', { data })
    await before.state.create(secretKind, {
      metadata: { name: 's', namespace: 'default' },
      stringData: { password: 'hunter2' },
    })
    await before.specs.put(specOf('site-1', 1, 5))
    const rollups = [{ ...rollupOf(1000), sequence: 1 }]
    await before.rollups.append({ siteUid: 'site-1', bootId: 'boot', rollups })
    const lines = await linesOf(source)
    assert.ok(!lines.join('\n').includes(Buffer.from('hunter2').toString('base64')), 'stays sealed')

    assert.equal(await importInto(target, lines), 2)
    await using after = await openPostgresStore({ ...doors, ...target })
    assert.equal(after.epoch, 2)
    assert.deepEqual(await after.state.get(configMapKind, key('odd')), odd)
    const secret = await after.state.get(secretKind, key('s'))
    assert.deepEqual(secret!.data, { password: Buffer.from('hunter2').toString('base64') })
    assert.deepEqual(await after.specs.get('site-1'), specOf('site-1', 1, 5))
    assert.deepEqual(await after.rollups.query({ namespace: 'default', sinceMs: 0 }), [
      rollupOf(1000),
    ])
    const { resourceVersion } = odd.metadata
    await refused('Expired', openWatch(after.state, configMapKind, { resourceVersion }).next())
    const next = await createConfigMap(after.state, 'next')
    assert.ok(Number(next.metadata.resourceVersion) > Number(resourceVersion) + 999_000)
  })

  it('is refused when it is cut off, altered, or would overwrite something', async () => {
    await using source = await withDatabase()
    await using target = await withEmptyDatabase()
    {
      await using store = await openPostgresStore({ ...doors, ...source })
      await createConfigMap(store.state, 'a')
    }
    const lines = await linesOf(source)
    await assert.rejects(importInto(target, lines.slice(0, -1)), /it was cut off/)
    await assert.rejects(importInto(target, lines.toSpliced(3, 1)), /it says that it has \d+ rows/)
    await assert.rejects(importInto(target, ['{"a":1}']), /does not begin as one/)
    await assert.rejects(importInto(target, []), /it was cut off/)
    await assert.rejects(importInto(target, [lines[0]!, 'no json']), /a line is not JSON/)
    const foreign = '{"table":"pg_authid","row":{}}'
    await assert.rejects(importInto(target, [lines[0]!, foreign]), /does not know/)
    await assert.rejects(importInto(source, lines), /is not empty: restore into a new one/)
    assert.equal(await importInto(target, lines), 2, 'nothing of the failed ones stayed')
  })

  it('a database put back by other means begins a new epoch when told', async () => {
    await using database = await withDatabase()
    {
      await using store = await openPostgresStore({ ...doors, ...database })
      assert.equal(store.epoch, 1)
    }
    assert.equal(await beginNewEpoch(database.databaseUrl), 2)
    await using store = await openPostgresStore({ ...doors, ...database })
    assert.equal(store.epoch, 2)
    const { resourceVersion } = await store.state.list(configMapKind)
    assert.ok(Number(resourceVersion) > 1_000_000)
    await using watch = openWatch(store.state, configMapKind, { resourceVersion })
    await createConfigMap(store.state, 'a')
    assert.equal((await watch.next()).type, 'ADDED')
  })
})
