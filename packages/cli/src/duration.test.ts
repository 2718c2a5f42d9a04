import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOf } from './age.ts'
import { parseDuration } from './duration.ts'

test('durations have a unit', () => {
  assert.equal(parseDuration('90s', '--valid-for'), 90_000)
  assert.equal(parseDuration('7d', '--valid-for'), 604_800_000)
  for (const bad of ['', '5', '-1h', '1.5h', '1w', 'h'])
    assert.throws(
      () => parseDuration(bad, '--valid-for'),
      /--valid-for .*: write a whole number and a unit/,
    )
})

test('ages are told as kubectl tells them', () => {
  const nowMs = Date.parse('2026-11-21T12:00:00Z')
  assert.equal(ageOf('2026-11-21T11:59:30Z', nowMs), '30s')
  assert.equal(ageOf('2026-11-21T11:58:30Z', nowMs), '90s')
  assert.equal(ageOf('2026-11-21T11:56:48Z', nowMs), '3m12s')
  assert.equal(ageOf('2026-11-21T09:00:00Z', nowMs), '3h')
  assert.equal(ageOf('2026-11-21T12:00:05Z', nowMs), '0s')
  assert.equal(ageOf(undefined, nowMs), '-')
})
