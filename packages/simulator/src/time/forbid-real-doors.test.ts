import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { RealDoorUsed, forbidRealDoors } from './forbid-real-doors.ts'

test('in a simulated world nobody reaches real time, chance, disk or network', () => {
  const later: (() => void)[] = []
  const attempts: Record<string, () => unknown> = {
    'the system clock': () => systemClock.now(),
    'a date of now': () => new Date(),
    'the system random': () => systemRandom.next(),
    'a uuid of crypto': () => systemRandom.uuid(),
    'a uuid of node:crypto': () => randomUUID(),
    'a file': () => readFileSync('package.json'),
    'a timer': () => setTimeout(() => {}, 1),
    'the network': () => fetch('http://127.0.0.1'),
  }
  {
    using _ = forbidRealDoors((run) => later.push(run))
    for (const [name, attempt] of Object.entries(attempts))
      assert.throws(attempt, RealDoorUsed, name)
    assert.equal(new Date(0).toISOString(), '1970-01-01T00:00:00.000Z')
    setImmediate(() => {})
    assert.equal(later.length, 1, 'the end of a turn is the end of an event')
  }
  assert.ok(systemClock.now() > 0)
  assert.ok(new Date().getTime() > 0)
  assert.equal(randomUUID().length, 36)
  assert.ok(readFileSync(import.meta.filename).length > 0)
})
