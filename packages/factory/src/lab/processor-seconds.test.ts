import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processorSeconds, processorSecondsOf } from './processor-seconds.ts'

test('a name with spaces and parentheses does not shift the fields', () => {
  const stat = '7 (a) 9 (b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 5000'
  assert.equal(processorSecondsOf(stat), 3)
})

test('a process that is gone has none', () => {
  assert.ok(processorSeconds(process.pid)! > 0)
  assert.equal(processorSeconds(2 ** 30), undefined)
})
