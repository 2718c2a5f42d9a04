import assert from 'node:assert/strict'
import { it } from 'node:test'
import { wallClockText, windowAt } from './reboot-window.ts'

const at = (text: string) => Date.parse(text)
const opensAt = (from: string, to: string, zone: string | undefined, now: string) => {
  const state = windowAt({ from, to }, zone, at(now))
  if (state.isOpen) return 'open'
  return state.opensAtMs === undefined ? 'never' : new Date(state.opensAtMs).toISOString()
}

const cases: [string, string, string, string | undefined, string, string][] = [
  ['within the day', '02:00', '04:00', 'UTC', '2026-11-21T03:00:00Z', 'open'],
  ['at its first moment', '02:00', '04:00', 'UTC', '2026-11-21T02:00:00Z', 'open'],
  [
    'at its end it is closed',
    '02:00',
    '04:00',
    'UTC',
    '2026-11-21T04:00:00Z',
    '2026-11-22T02:00:00.000Z',
  ],
  ['a second before', '02:00', '04:00', 'UTC', '2026-11-21T01:59:59Z', '2026-11-21T02:00:00.000Z'],
  ['over midnight, before', '22:00', '04:00', 'UTC', '2026-11-21T23:59:59Z', 'open'],
  ['over midnight, after', '22:00', '04:00', 'UTC', '2026-11-21T00:00:00Z', 'open'],
  [
    'over midnight, closed',
    '22:00',
    '04:00',
    'UTC',
    '2026-11-21T12:00:00Z',
    '2026-11-21T22:00:00.000Z',
  ],
  ['from equals to: always', '02:00', '02:00', 'UTC', '2026-11-21T12:00:00Z', 'open'],
  ['odd minutes', '02:07', '02:09', 'UTC', '2026-11-21T02:05:30Z', '2026-11-21T02:07:00.000Z'],
  ['no zone is UTC', '02:00', '04:00', undefined, '2026-11-21T03:00:00Z', 'open'],
  [
    'an unknown zone counts as UTC',
    '02:00',
    '04:00',
    'Mars/Olympus',
    '2026-11-21T03:00:00Z',
    'open',
  ],
  ['another zone', '02:00', '04:00', 'Europe/Berlin', '2026-11-21T01:30:00Z', 'open'],
  [
    'a zone with half hours',
    '02:00',
    '04:00',
    'Asia/Kolkata',
    '2026-11-21T20:29:00Z',
    '2026-11-21T20:30:00.000Z',
  ],
  [
    'spring: it begins in the hour left out',
    '02:30',
    '04:00',
    'Europe/Berlin',
    '2026-03-29T00:30:00Z',
    '2026-03-29T01:00:00.000Z',
  ],
  [
    'spring: it lies in the hour left out',
    '02:15',
    '02:45',
    'Europe/Berlin',
    '2026-03-29T00:30:00Z',
    '2026-03-30T00:15:00.000Z',
  ],
  [
    'autumn: the first time of the hour',
    '02:00',
    '03:00',
    'Europe/Berlin',
    '2026-10-25T00:30:00Z',
    'open',
  ],
  [
    'autumn: the second time of the hour',
    '02:00',
    '03:00',
    'Europe/Berlin',
    '2026-10-25T01:30:00Z',
    'open',
  ],
  [
    'autumn: between the two it stays open',
    '02:15',
    '02:30',
    'Europe/Berlin',
    '2026-10-25T00:45:00Z',
    '2026-10-25T01:15:00.000Z',
  ],
  ['1970', '02:00', '04:00', 'UTC', '1970-01-01T00:00:00Z', '1970-01-01T02:00:00.000Z'],
]
for (const [name, from, to, zone, now, expected] of cases)
  it(`window: ${name}`, () => assert.equal(opensAt(from, to, zone, now), expected))

it('no window is always open', () => {
  assert.deepEqual(windowAt(undefined, 'UTC', 0), { isOpen: true })
})

it('a moment is told as a clock at the place shows it', () => {
  const summer = at('2026-07-01T00:30:00Z')
  assert.match(wallClockText('Europe/Berlin', summer), /^Wed,? 02:30 \(Europe\/Berlin\)$/)
  assert.match(wallClockText('Mars/Olympus', summer), /^Wed,? 00:30 \(UTC\)$/)
})
