import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProcessLook, collectWhenIdle, isTimeToCollect } from './idle-collection.ts'
import { createSteppedClock } from '@skerry/testing/stepped-clock'

const mebibyte = 2 ** 20
const look = (atMs: number, processorMs: number, mebibytes: number): ProcessLook => ({
  atMs,
  processorMs,
  heapBytes: mebibytes * mebibyte,
})

test('garbage is collected when there is enough of it and nothing else to do', () => {
  const before = look(0, 0, 100)
  assert.equal(isTimeToCollect(before, look(5_000, 100, 200), 80 * mebibyte), true)
  assert.equal(isTimeToCollect(before, look(5_000, 4_000, 200), 80 * mebibyte), false, 'busy')
  assert.equal(isTimeToCollect(before, look(5_000, 100, 90), 80 * mebibyte), false, 'little')
  assert.equal(isTimeToCollect(before, look(5_000, 100, 4_000), 80 * mebibyte), false, 'huge')
  assert.equal(
    isTimeToCollect(before, look(5_000, 100, 560), 500 * mebibyte),
    false,
    'not worth it',
  )
  assert.equal(isTimeToCollect(before, look(5_000, 100, 760), 500 * mebibyte), true)
  assert.equal(isTimeToCollect(before, look(0, 0, 200), 80 * mebibyte), true, 'no time has passed')
})

test('it runs, collects and ends', async () => {
  const clock = createSteppedClock(0)
  const left: WeakRef<object>[] = []
  {
    using _ = collectWhenIdle(clock)
    left.push(new WeakRef(Array.from({ length: 5_000_000 }, (_, n) => n * 1.5)))
    for (let turn = 0; turn < 20 && left[0]!.deref() !== undefined; turn += 1) {
      await new Promise(setImmediate)
      await clock.advance(3_600_000)
    }
  }
  assert.equal(left[0]!.deref(), undefined)
})
