import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { StatusReport } from '@skerry/api/device-protocol'
import { createBus } from '../bus.ts'
import { type ConnectionState, type TargetState, unknownState } from '../buses.ts'
import { createFakeHost } from '../testing/fake-host.ts'
import { type ReportOptions, report } from './report.ts'

it('a task that broke and is started again goes on counting, alone', async () => {
  const host = createFakeHost()
  const sequences: number[] = []
  const link = {
    reportStatus: async ({ sequence }: StatusReport) => void sequences.push(sequence),
  } as unknown as NonNullable<ConnectionState['link']>
  let isBroken = true
  let collected = 0
  const spool = {
    oldest: async () => {
      if (!isBroken) return undefined
      isBroken = false
      throw new TypeError('a bug')
    },
  } as unknown as ReportOptions['spool']
  const options: ReportOptions = {
    host,
    bootId: 'b',
    heartbeatMs: 1000,
    reports: { sent: 0 },
    told: createBus(-1),
    current: createBus(unknownState),
    target: createBus<TargetState>({}),
    connection: createBus<ConnectionState>({ phase: 'Connected', link }),
    models: { collect: () => (collected += 1) },
    spool,
    spooled: createBus<undefined>(undefined),
  }
  const stop = new AbortController()
  await assert.rejects(report(options, stop.signal), /a bug/)
  const second = report(options, stop.signal).catch(() => {})
  for (let seconds = 0; seconds < 65; seconds += 1) await host.advance(1000)
  assert.deepEqual(
    sequences,
    sequences.map((_, index) => index),
    'each report is newer than the one before it',
  )
  assert.ok(sequences.length > 30 && sequences.length <= 67, `${sequences.length} reports`)
  assert.equal(collected, 1, 'one task measures')
  stop.abort()
  await second
})
