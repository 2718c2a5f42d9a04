import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pendingMigrations, readMigrations } from './migrate.ts'

it('runs what has not run, takes newer ones as they are, and notices an edited one', async () => {
  const known = await readMigrations()
  assert.ok(known.length >= 2)
  assert.deepEqual(pendingMigrations(known, []), known)
  const [first] = known
  assert.deepEqual(pendingMigrations(known, [first!]), known.slice(1))
  const newer = { number: known.length + 1, checksum: 'of a newer hub' }
  assert.deepEqual(pendingMigrations(known, [...known, newer]), [])
  assert.throws(
    () => pendingMigrations(known, [{ number: 1, checksum: 'edited' }]),
    /0001-.*restore the file and add a new one/,
  )
})
