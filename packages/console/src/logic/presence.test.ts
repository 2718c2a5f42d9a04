import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presenceOf } from './presence.ts'

const now = Date.UTC(2026, 10, 21, 14)

test('offline says nothing about health of now, only what was said before', () => {
  const { connection, health } = presenceOf(
    {
      connectivity: 'Offline',
      connectivityChangedTime: '2026-11-21T12:40:00Z',
      lastSeenTime: '2026-11-21T12:39:30Z',
      health: 'Healthy',
    },
    now,
  )
  assert.match(connection, /^Offline since .*\(1 h 20 min\)\. Last heard 1 h ago\.$/)
  assert.match(health, /^Before that it said that it was healthy\./)
})

test('an unwell site that is connected says why, as a sentence', () => {
  const { health } = presenceOf(
    { connectivity: 'Online', health: 'Failed', healthMessage: 'digits does not start' },
    now,
  )
  assert.equal(health, 'The site says that it is failed. digits does not start.')
})

test('a site without status has never connected', () => {
  assert.match(presenceOf(undefined, now).connection, /ever connected/)
})
