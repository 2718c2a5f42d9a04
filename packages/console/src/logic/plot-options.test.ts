import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trimZeros, valueRange } from './plot-options.ts'

test('an axis writes no zeros that say nothing', () => {
  const texts = ['10.0 ms', '0.0%', '0.50%', '1.25 s', '100', '100%', '1,200', '0']
  assert.deepEqual(texts.map(trimZeros), [
    '10 ms',
    '0%',
    '0.5%',
    '1.25 s',
    '100',
    '100%',
    '1,200',
    '0',
  ])
})

test('the top of a measure is always in view, and more when the data needs it', () => {
  assert.deepEqual(valueRange({ top: 1, bottom: 0 }, 0.2, 0.5), [0, 1])
  const [low, high] = valueRange({ top: 10, bottom: 0 }, 5, 200)
  assert.equal(low, 0)
  assert.ok(high > 200)
})

test('a share near one is not drawn from zero, and no data has a range too', () => {
  const [low, high] = valueRange({ top: 1 }, 0.96, 0.98)
  assert.ok(low > 0.5 && low <= 0.9)
  assert.equal(high, 1)
  assert.deepEqual(valueRange({ top: 1 }, null, null), [0.9, 1])
})
