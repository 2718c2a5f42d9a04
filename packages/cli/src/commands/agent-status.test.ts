import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import { it } from 'node:test'
import type { OsReport } from '@skerry/api/os/os-report'
import { type AgentStatus, describeAgent } from './agent-status.ts'

const imageId = 'ab'.repeat(16)
const os: OsReport = {
  imageId,
  version: '1.0.0',
  slot: 'slot-a',
  bootId: '0123456789',
  bootTime: '2026-11-21T00:00:00Z',
  isBlessed: true,
  secureBoot: true,
  kernelVersion: '6.12.0',
  phase: 'Staged',
  message: '2.0.0 is on the disk and the machine restarts when its window opens: Sun 02:00 (UTC)',
  slots: [
    { name: 'slot-a', imageId, version: '1.0.0', state: 'Running' },
    { name: 'slot-b', state: 'Empty' },
  ],
  outcomes: [
    {
      time: '2026-11-20T00:00:00Z',
      result: 'FellBack',
      evidence: 'Gate',
      imageId: 'cd'.repeat(16),
      version: '1.5.0',
      message: 'not healthy within 600 s: there is no network',
    },
  ],
}
const status: AgentStatus = {
  health: 'Healthy',
  connection: { phase: 'Connected' },
  plan: [],
  layers: [],
  failures: [],
  spool: { records: 0, bytes: 0, dropped: 0 },
}

it('tells what the machine runs from, what it waits for, and what became of attempts', () => {
  const text = stripVTControlCharacters(describeAgent({ ...status, os }))
  assert.match(
    text,
    /^system {6}1\.0\.0 \(image abababababab\) from slot-a, kept, Secure Boot on$/m,
  )
  assert.match(text, /^ {12}Staged: 2\.0\.0 is on the disk .* Sun 02:00 \(UTC\)$/m)
  assert.match(text, /^slot {8}slot-b Empty$/m)
  assert.match(
    text,
    /^upgrade {5}2026-11-20T00:00:00Z 1\.5\.0 FellBack \(Gate\): not healthy within 600 s/m,
  )
})

it('tells of a trial and of a fetch', () => {
  const trial: OsReport = { ...os, isBlessed: false, phase: 'OnTrial', message: 'no network' }
  const text = stripVTControlCharacters(describeAgent({ ...status, os: trial }))
  assert.match(text, /from slot-a, on trial/)
  assert.match(text, /OnTrial: no network/)
  const fetching: OsReport = { ...os, phase: 'Fetching', progressPercent: 35, message: 'it comes' }
  assert.match(describeAgent({ ...status, os: fetching }), /Fetching 35 %: it comes/)
})

it('says nothing of an operating system that is no image', () => {
  assert.doesNotMatch(describeAgent(status), /system|slot|upgrade/)
})
