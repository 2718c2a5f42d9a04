import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toTimestamp } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import { siteKind } from '@skerry/api/kinds/site'
import { createMemoryState } from '@skerry/store/memory-state'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { onlineForMs } from './site-presence.ts'
import { createSiteReports } from './site-reports.ts'

const hourMs = 3_600_000
const trueMs = Date.parse('2026-11-21T12:00:00Z')

test('a clock that is set back does not keep a site online that is gone', async () => {
  const stepped = createSteppedClock(trueMs)
  let aheadMs = hourMs
  const clock = {
    now: () => stepped.now() + aheadMs,
    monotonicMs: () => stepped.monotonicMs(),
    sleep: (ms: number, signal?: AbortSignal) => stepped.sleep(ms, signal),
  }
  await using state = createMemoryState({ clock, random: seededRandom(1) })
  const key = { namespace: 'default', name: 'oslo' }
  const { metadata } = await state.create(siteKind, { metadata: key, spec: {} })
  const identity = { namespace: 'default', site: 'oslo', siteUid: metadata.uid, device: 'd' }
  const reports = createSiteReports({ state, clock, log: silentLog })
  const statusOf = async () => (await state.get(siteKind, key))?.status
  const stop = new AbortController()
  const keeping = reports.keepPresence(stop.signal)

  await reports.onPresence(identity, 'connected')
  assert.equal((await statusOf())?.lastSeenTime, toTimestamp(trueMs + hourMs))
  aheadMs = 0
  assert.equal(onlineForMs(await statusOf(), clock.now()), 0, 'nobody knows when it was seen')
  await stepped.advance(31_000)
  assert.equal((await statusOf())?.connectivity, 'Online')
  assert.equal((await statusOf())?.lastSeenTime, toTimestamp(trueMs + 30_000), 'seen now')

  aheadMs = hourMs
  await stepped.advance(31_000)
  aheadMs = 0
  await reports.onPresence(identity, 'disconnected')
  assert.equal((await statusOf())?.connectivity, 'Offline')
  stop.abort()
  await keeping
})

test('a report that is written after its connection has gone does not bring the site back', async () => {
  const clock = createSteppedClock(trueMs)
  await using state = createMemoryState({ clock, random: seededRandom(1) })
  const key = { namespace: 'default', name: 'oslo' }
  const { metadata } = await state.create(siteKind, { metadata: key, spec: {} })
  const identity = { namespace: 'default', site: 'oslo', siteUid: metadata.uid, device: 'd' }
  const reports = createSiteReports({ state, clock, log: silentLog })
  await reports.onPresence(identity, 'connected')
  const gone = reports.onPresence(identity, 'disconnected')
  await reports.onReport(identity, {
    bootId: 'b',
    sequence: 1,
    agentVersion: '1',
    architecture: 'x64',
    health: 'Healthy',
    isSettled: true,
    layers: [],
    failed: [],
  })
  await gone
  const status = (await state.get(siteKind, key))?.status
  assert.deepEqual([status?.connectivity, status?.health], ['Offline', 'Healthy'])
})
