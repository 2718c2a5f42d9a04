import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { TelemetryRecord } from '@skerry/api/device-protocol'
import { clockAheadMsMax, recordMsMax } from './limits.ts'
import { parseTelemetry, rollupsOf } from './telemetry-records.ts'

const nowMs = Date.parse('2026-11-21T12:00:00Z')
const identity = { namespace: 'default', site: 'oslo', siteUid: 'u', device: 'd' }
const sketch = { zero: 0, buckets: [], sum: 0 }

function timesOf(startTime: string, endTime: string): [startMs: number, endMs: number] {
  const record: TelemetryRecord = {
    sequence: 1,
    startTime,
    endTime,
    layer: 'l',
    model: 'm',
    version: 'v',
    digest: 'sha256:0',
    requests: 1,
    errors: 0,
    judged: 0,
    correct: 0,
    classes: {},
    latencyMs: sketch,
    confidence: sketch,
  }
  const parsed = parseTelemetry({ bootId: 'b', records: [record] })
  assert.ok(parsed.ok)
  const [rollup] = rollupsOf(identity, parsed.batch, nowMs).rollups
  return [rollup!.startMs - nowMs, rollup!.endMs - nowMs]
}

test('a record keeps its times, also when it waited for weeks or the clocks differ a little', () => {
  assert.deepEqual(timesOf('2026-11-21T11:59:50Z', '2026-11-21T12:00:00Z'), [-10_000, 0])
  assert.deepEqual(timesOf('2026-11-21T12:00:10Z', '2026-11-21T12:00:20Z'), [10_000, 20_000])
  const day = 24 * 3_600_000
  assert.deepEqual(timesOf('2026-11-01T12:00:00Z', '2026-11-01T12:01:00Z'), [
    -20 * day,
    -20 * day + 60_000,
  ])
})

test('no record ends in a future that would keep it for ever, nor lasts for ages', () => {
  assert.deepEqual(timesOf('9999-01-01T00:00:00Z', '9999-01-01T00:00:10Z'), [
    clockAheadMsMax - 10_000,
    clockAheadMsMax,
  ])
  assert.deepEqual(timesOf('1970-01-01T00:00:00Z', '2026-11-21T12:00:00Z'), [-recordMsMax, 0])
})
