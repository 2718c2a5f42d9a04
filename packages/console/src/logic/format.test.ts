import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatAgo,
  formatBytes,
  formatClock,
  formatDuration,
  formatMilliseconds,
  formatRate,
  formatShare,
  plural,
  toMs,
  unknownText,
} from './format.ts'

test('rates, shares, latencies and sizes keep the digits that matter', () => {
  assert.deepEqual([0, 0.04, 3.25, 9.96, 1234.4].map(formatRate), [
    '0',
    '0.0',
    '3.3',
    '10',
    '1,234',
  ])
  assert.deepEqual([1.24, 9.97, 123.4, 999.7, 2500].map(formatMilliseconds), [
    '1.2 ms',
    '10 ms',
    '123 ms',
    '1.00 s',
    '2.50 s',
  ])
  assert.equal(formatShare(0.9642), '96.4%')
  assert.deepEqual([0, 999, 1000, 104_858, 26_000_000].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '105 kB',
    '26.0 MB',
  ])
})

test('what is not known is a dash, not zero', () => {
  const formats = [formatRate, formatMilliseconds, formatShare, formatBytes]
  for (const format of formats) assert.equal(format(undefined), unknownText)
})

test('durations and ages use at most two units', () => {
  assert.deepEqual([900, 59_999, 61_000, 660_000, 7_260_000, 90_000_000].map(formatDuration), [
    '0 s',
    '59 s',
    '1 min 1 s',
    '11 min',
    '2 h 1 min',
    '1 d 1 h',
  ])
  const now = 10_000_000_000
  assert.deepEqual(
    [0, 4000, -30_000, -120_000, 65_000, 7_200_000, 200_000_000].map((agoMs) =>
      formatAgo(now - agoMs, now),
    ),
    ['just now', 'just now', 'just now', 'in 2 min', '1 min ago', '2 h ago', '2 d ago'],
  )
})

test('a time of another day carries its date, in the zone that was asked for', () => {
  const then = Date.UTC(2026, 10, 20, 23, 30)
  const now = Date.UTC(2026, 10, 21, 9, 0)
  assert.match(formatClock(then, now, 'UTC'), /20 Nov.*23:30/)
  assert.equal(formatClock(then, now, 'Asia/Tokyo'), '08:30')
})

test('a broken timestamp is unknown', () => {
  assert.equal(toMs('yesterday'), undefined)
  assert.equal(toMs(null), undefined)
  assert.equal(toMs('2026-11-21T14:03:00Z'), Date.UTC(2026, 10, 21, 14, 3))
})

test('one site, two sites', () => {
  assert.deepEqual(
    [0, 1, 1200].map((count) => plural(count, 'site')),
    ['0 sites', '1 site', '1,200 sites'],
  )
})
