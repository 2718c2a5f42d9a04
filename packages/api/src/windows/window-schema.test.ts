import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCron } from './cron.ts'
import { type Windows, windowsProblems } from './window-schema.ts'

function problems(windows: Partial<Windows>): string[] {
  return windowsProblems({ install: [], download: [], blackouts: [], ...windows }, 'w').map(
    ({ path, message }) => `${path} ${message}`,
  )
}
const window = (cron: string) => ({ cron, durationMinutes: 60 })

const wrongCrons: Record<string, RegExp> = {
  '': /has 1 fields: must have 5/,
  '* * * *': /has 4 fields/,
  '60 * * * *': /minute "60" is not known: use 0-59/,
  '* 24 * * *': /hour "24"/,
  '* * 0 * *': /day of month "0"/,
  '* * * 13 *': /month "13"/,
  '* * * * 8': /day of week "8"/,
  '*/0 * * * *': /step 0/,
  '5-1 * * * *': /runs backwards/,
  '* * * * noday': /day of week "noday"/,
  '1,,2 * * * *': /minute ""/,
  '-1 * * * *': /minute "-1"/,
  '@daily': /has 1 fields/,
}
for (const [cron, pattern] of Object.entries(wrongCrons))
  test(`the cron ${JSON.stringify(cron)} is refused with what it may be`, () => {
    const [message] = problems({ install: [window(cron)] })
    assert.match(message ?? '', pattern)
    assert.match(message ?? '', /^w\.install\[0\]\.cron /)
  })

test('crons that people write are taken', () => {
  for (const cron of ['0 2 * * *', '*/15 1-5 * * MON-FRI', '0 0 1,15 jan-mar *', '0 2 * * 7'])
    assert.deepEqual(problems({ install: [window(cron)] }), [])
  const sunday = parseCron('0 2 * * 7')
  assert.ok(sunday.ok && sunday.cron.weekdays.has(0), '7 is Sunday too')
  const steps = parseCron('5/20 * * * *')
  assert.deepEqual(steps.ok && steps.cron.minutes, [5, 25, 45])
})

test('windows that never open are refused at the door', () => {
  assert.match(problems({ install: [window('0 0 31 2 *')] })[0] ?? '', /never opens/)
  assert.match(
    problems({ download: [window('0 0 31 2 *')] })[0] ?? '',
    /download\[0\].*never opens/,
  )
  const blackouts = [{ name: 'all', from: '01-01', to: '12-31' }]
  assert.match(
    problems({ install: [window('0 2 * * *')], blackouts })[0] ?? '',
    /no site could ever change/,
  )
})

test('blackouts are days of the calendar, written in one way, in order', () => {
  const of = (from: string, to: string) => problems({ blackouts: [{ name: 'b', from, to }] })
  assert.deepEqual(of('2026-12-20', '2027-01-06'), [])
  assert.deepEqual(of('02-29', '02-29'), [])
  assert.match(of('2026-02-30', '2026-03-01')[0] ?? '', /from is no day/)
  assert.match(of('13-01', '13-02')[0] ?? '', /is no day/)
  assert.match(of('2026-12-20', '01-06')[0] ?? '', /must be written as from/)
  assert.match(of('2026-12-20', '2026-12-19')[0] ?? '', /must not be before/)
})

test('a zone that nobody knows is refused', () => {
  assert.match(problems({ timeZone: 'Mars/Olympus' })[0] ?? '', /w\.timeZone must be an IANA/)
})
