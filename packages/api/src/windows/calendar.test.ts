import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Calendar, ZoneCalendar, neverOpens, zoneFor } from './calendar.ts'

const nightly = { cron: '0 2 * * *', durationMinutes: 60 }
const sales = { name: 'sales', from: '2026-11-27', to: '2026-11-30' }
const christmas = { name: 'christmas', from: '12-20', to: '01-06' }

function at(calendar: Partial<Calendar>, zone: string, time: string) {
  const state = new ZoneCalendar({ windows: [], blackouts: [], ...calendar }, zone).at(
    Date.parse(time),
  )
  const text = (ms: number | undefined) =>
    ms === undefined ? undefined : new Date(ms).toISOString()
  return state.isOpen
    ? { isOpen: true, closes: text(state.closesMs) }
    : { isOpen: false, opens: text(state.opensMs), blackout: state.blackout }
}

test('without windows and blackouts it is always open', () => {
  assert.deepEqual(at({}, 'UTC', '2026-11-21T12:00Z'), { isOpen: true, closes: undefined })
})

test('a blackout closes a window, and names itself', () => {
  assert.deepEqual(at({ windows: [nightly], blackouts: [sales] }, 'UTC', '2026-11-27T02:30Z'), {
    isOpen: false,
    opens: '2026-12-01T02:00:00.000Z',
    blackout: 'sales',
  })
})

test('a blackout begins and ends at midnight of the place', () => {
  const blackouts = [sales]
  assert.deepEqual(at({ blackouts }, 'America/New_York', '2026-11-27T04:59:59Z'), {
    isOpen: true,
    closes: '2026-11-27T05:00:00.000Z',
  })
  assert.equal(at({ blackouts }, 'America/New_York', '2026-11-27T05:00Z').isOpen, false)
  assert.equal(at({ blackouts }, 'America/New_York', '2026-12-01T04:59:59Z').isOpen, false)
  assert.equal(at({ blackouts }, 'America/New_York', '2026-12-01T05:00Z').isOpen, true)
})

test('a window that a blackout cuts short closes at midnight', () => {
  const windows = [{ cron: '0 22 * * *', durationMinutes: 240 }]
  assert.deepEqual(at({ windows, blackouts: [sales] }, 'UTC', '2026-11-26T23:00Z'), {
    isOpen: true,
    closes: '2026-11-27T00:00:00.000Z',
  })
})

test('a window that a blackout covers at its beginning opens at the end of the blackout', () => {
  const windows = [{ cron: '0 22 * * *', durationMinutes: 240 }]
  assert.equal(
    at({ windows, blackouts: [sales] }, 'UTC', '2026-11-29T12:00Z').opens,
    '2026-12-01T00:00:00.000Z',
  )
})

test('a yearly blackout goes over the end of the year, every year', () => {
  const blackouts = [christmas]
  assert.equal(at({ blackouts }, 'UTC', '2026-12-20T00:00Z').blackout, 'christmas')
  assert.equal(at({ blackouts }, 'UTC', '2033-01-06T23:59Z').opens, '2033-01-07T00:00:00.000Z')
  assert.equal(at({ blackouts }, 'UTC', '2033-01-07T00:00Z').isOpen, true)
})

test('blackouts that follow each other are one', () => {
  const blackouts = [sales, { name: 'audit', from: '2026-12-01', to: '2026-12-02' }]
  assert.equal(at({ blackouts }, 'UTC', '2026-11-28T00:00Z').opens, '2026-12-03T00:00:00.000Z')
})

test('two windows are open when either is', () => {
  const windows = [nightly, { cron: '0 12 * * sat', durationMinutes: 60 }]
  assert.equal(at({ windows }, 'UTC', '2026-11-21T12:30Z').isOpen, true)
  assert.equal(at({ windows }, 'UTC', '2026-11-21T02:30Z').isOpen, true)
  assert.equal(at({ windows }, 'UTC', '2026-11-22T12:30Z').isOpen, false)
})

test('windows that never open are known for it', () => {
  const never = (calendar: Partial<Calendar>) =>
    neverOpens({ windows: [], blackouts: [], ...calendar })
  assert.equal(never({}), false)
  assert.equal(never({ windows: [nightly] }), false)
  assert.equal(never({ windows: [{ cron: '0 0 31 4 *', durationMinutes: 5 }] }), true)
  const always = { name: 'all', from: '01-01', to: '12-31' }
  assert.equal(never({ blackouts: [always] }), true)
  assert.equal(never({ windows: [nightly], blackouts: [always] }), true)
  const halves = [
    { name: 'first', from: '01-01', to: '06-30' },
    { name: 'second', from: '07-01', to: '12-31' },
  ]
  assert.equal(never({ blackouts: halves }), true)
  const inWinter = [{ cron: '0 0 24 12 *', durationMinutes: 60 }]
  assert.equal(never({ windows: inWinter, blackouts: [christmas] }), true)
  const dated = { name: 'all', from: '2026-01-01', to: '2099-12-31' }
  assert.equal(never({ blackouts: [dated] }), false, 'what is dated ends')
})

test('a zone that is unknown gives way to the one of the fleet, and to none', () => {
  assert.equal(zoneFor('Europe/Berlin', 'UTC'), 'Europe/Berlin')
  assert.equal(zoneFor('Mars/Olympus', 'UTC'), 'UTC')
  assert.equal(zoneFor('Mars/Olympus', undefined), undefined)
  assert.equal(zoneFor(undefined, 'Europe/Rome'), 'Europe/Rome')
})
