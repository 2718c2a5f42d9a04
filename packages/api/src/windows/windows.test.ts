import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZoneCalendar } from './calendar.ts'

type Row = {
  readonly zone: string
  readonly cron: string
  readonly minutes: number
  readonly at: string
  /** `open until …` or `opens …`, in UTC. */
  readonly is: string
}

const berlin = 'Europe/Berlin'
const newYork = 'America/New_York'
const lordHowe = 'Australia/Lord_Howe'

function stateText({ zone, cron, minutes, at }: Row): string {
  const calendar = new ZoneCalendar(
    { windows: [{ cron, durationMinutes: minutes }], blackouts: [] },
    zone,
  )
  const state = calendar.at(Date.parse(at))
  const text = (ms: number | undefined) =>
    ms === undefined ? 'never' : new Date(ms).toISOString().replace(':00.000Z', 'Z')
  return state.isOpen ? `open until ${text(state.closesMs)}` : `opens ${text(state.opensMs)}`
}

const rows: Record<string, Row> = {
  'before its hour a window is closed and says when it opens': {
    zone: berlin,
    cron: '0 2 * * *',
    minutes: 60,
    at: '2026-11-20T22:00Z',
    is: 'opens 2026-11-21T01:00Z',
  },
  'at its first second a window is open': {
    zone: berlin,
    cron: '0 2 * * *',
    minutes: 60,
    at: '2026-11-21T01:00Z',
    is: 'open until 2026-11-21T02:00Z',
  },
  'at its last second a window is closed again': {
    zone: berlin,
    cron: '0 2 * * *',
    minutes: 60,
    at: '2026-11-21T02:00Z',
    is: 'opens 2026-11-22T01:00Z',
  },
  'one second before its end a window is open': {
    zone: berlin,
    cron: '0 2 * * *',
    minutes: 60,
    at: '2026-11-21T01:59:59Z',
    is: 'open until 2026-11-21T02:00Z',
  },
  'the same window opens five hours later where the sun rises later': {
    zone: newYork,
    cron: '0 2 * * *',
    minutes: 60,
    at: '2026-11-20T22:00Z',
    is: 'opens 2026-11-21T07:00Z',
  },
  'a window goes on over midnight': {
    zone: berlin,
    cron: '0 23 * * *',
    minutes: 180,
    at: '2026-11-21T00:30Z',
    is: 'open until 2026-11-21T01:00Z',
  },
  'a window of the weekend opens on Saturday': {
    zone: berlin,
    cron: '0 0 * * sat',
    minutes: 2880,
    at: '2026-11-18T12:00Z',
    is: 'opens 2026-11-20T23:00Z',
  },
  'a window of the weekend is still open on Sunday evening': {
    zone: berlin,
    cron: '0 0 * * sat',
    minutes: 2880,
    at: '2026-11-22T20:00Z',
    is: 'open until 2026-11-22T23:00Z',
  },
  'openings that overlap are one': {
    zone: 'UTC',
    cron: '0 1,2 * * *',
    minutes: 90,
    at: '2026-11-21T01:30Z',
    is: 'open until 2026-11-21T03:30Z',
  },
  'a window that overlaps itself every day never seems to close soon': {
    zone: 'UTC',
    cron: '0 3 * * mon-fri',
    minutes: 1500,
    at: '2026-11-17T12:00Z',
    is: 'open until 2026-11-21T04:00Z',
  },
  'the last day of February comes every fourth year': {
    zone: 'UTC',
    cron: '0 0 29 2 *',
    minutes: 60,
    at: '2026-11-21T00:00Z',
    is: 'opens 2028-02-29T00:00Z',
  },
  'day of month and day of week together mean either': {
    zone: 'UTC',
    cron: '0 0 1 * mon',
    minutes: 60,
    at: '2026-11-24T00:00Z',
    is: 'opens 2026-11-30T00:00Z',
  },
  'a day that no month has is never': {
    zone: 'UTC',
    cron: '0 0 30 2 *',
    minutes: 60,
    at: '2026-11-21T00:00Z',
    is: 'opens never',
  },
  'Berlin, spring: 02:30 does not exist, so it opens when the clocks go to 03:00': {
    zone: berlin,
    cron: '30 2 * * *',
    minutes: 60,
    at: '2026-03-28T23:00Z',
    is: 'opens 2026-03-29T01:00Z',
  },
  'Berlin, spring: what opened at the gap is open for its whole duration': {
    zone: berlin,
    cron: '30 2 * * *',
    minutes: 60,
    at: '2026-03-29T01:30Z',
    is: 'open until 2026-03-29T02:00Z',
  },
  'Berlin, spring: a window that began at 01:30 loses no time in the missing hour': {
    zone: berlin,
    cron: '30 1 * * *',
    minutes: 120,
    at: '2026-03-29T01:00Z',
    is: 'open until 2026-03-29T02:30Z',
  },
  'Berlin, spring: hourly windows open once at 03:00, not twice': {
    zone: berlin,
    cron: '0 * * * *',
    minutes: 10,
    at: '2026-03-29T00:15Z',
    is: 'opens 2026-03-29T01:00Z',
  },
  'Berlin, autumn: 02:30 comes twice and opens at its first coming': {
    zone: berlin,
    cron: '30 2 * * *',
    minutes: 30,
    at: '2026-10-24T23:00Z',
    is: 'opens 2026-10-25T00:30Z',
  },
  'Berlin, autumn: 02:30 does not open again at its second coming': {
    zone: berlin,
    cron: '30 2 * * *',
    minutes: 30,
    at: '2026-10-25T01:35Z',
    is: 'opens 2026-10-26T01:30Z',
  },
  'Berlin, autumn: three hours are three hours, though the clock shows four': {
    zone: berlin,
    cron: '0 1 * * *',
    minutes: 180,
    at: '2026-10-25T00:30Z',
    is: 'open until 2026-10-25T02:00Z',
  },
  'Berlin, autumn: hourly windows open at both comings of the hour': {
    zone: berlin,
    cron: '15 * * * *',
    minutes: 10,
    at: '2026-10-25T00:40Z',
    is: 'opens 2026-10-25T01:15Z',
  },
  'New York, spring: 02:15 does not exist, so it opens at 03:00': {
    zone: newYork,
    cron: '15 2 * * *',
    minutes: 45,
    at: '2026-03-08T06:00Z',
    is: 'opens 2026-03-08T07:00Z',
  },
  'New York, spring: the day after, 02:15 is 02:15 again': {
    zone: newYork,
    cron: '15 2 * * *',
    minutes: 45,
    at: '2026-03-08T08:00Z',
    is: 'opens 2026-03-09T06:15Z',
  },
  'New York, autumn: 01:30 comes twice and opens at its first coming': {
    zone: newYork,
    cron: '30 1 * * *',
    minutes: 20,
    at: '2026-11-01T04:00Z',
    is: 'opens 2026-11-01T05:30Z',
  },
  'New York, autumn: at the second 01:35 it is closed': {
    zone: newYork,
    cron: '30 1 * * *',
    minutes: 20,
    at: '2026-11-01T06:35Z',
    is: 'opens 2026-11-02T06:30Z',
  },
  'New York, autumn: a night window from 22:00 for eight hours ends an hour early by the clock': {
    zone: newYork,
    cron: '0 22 * * *',
    minutes: 480,
    at: '2026-11-01T09:00Z',
    is: 'open until 2026-11-01T10:00Z',
  },
  'Lord Howe, spring: of the half hour that does not exist 02:15 opens at 02:30': {
    zone: lordHowe,
    cron: '15 2 * * *',
    minutes: 30,
    at: '2026-10-03T12:00Z',
    is: 'opens 2026-10-03T15:30Z',
  },
  'Lord Howe, spring: 02:45 exists and opens when the clock shows it': {
    zone: lordHowe,
    cron: '45 2 * * *',
    minutes: 30,
    at: '2026-10-03T12:00Z',
    is: 'opens 2026-10-03T15:45Z',
  },
  'Lord Howe, autumn: 01:45 comes twice within the hour and opens at its first coming': {
    zone: lordHowe,
    cron: '45 1 * * *',
    minutes: 10,
    at: '2026-04-04T12:00Z',
    is: 'opens 2026-04-04T14:45Z',
  },
  'Lord Howe, autumn: at the second 01:45 it stays closed': {
    zone: lordHowe,
    cron: '45 1 * * *',
    minutes: 10,
    at: '2026-04-04T15:16Z',
    is: 'opens 2026-04-05T15:15Z',
  },
  'Lord Howe, autumn: 01:15 is not in the half hour that comes twice': {
    zone: lordHowe,
    cron: '15 1 * * *',
    minutes: 30,
    at: '2026-04-04T12:00Z',
    is: 'opens 2026-04-04T14:15Z',
  },
  'Samoa left out a whole day: its window opens when the clocks are put': {
    zone: 'Pacific/Apia',
    cron: '0 12 30 12 *',
    minutes: 60,
    at: '2011-12-29T00:00Z',
    is: 'opens 2011-12-30T10:00Z',
  },
}

for (const [name, row] of Object.entries(rows))
  test(name, () => assert.equal(stateText(row), row.is))
