import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { runFuzz } from '../conformance/fuzz-run.ts'
import { openMemoryHub } from '../conformance/hubs.ts'

const secondsOfEach = 10

describe('whatever is sent is answered as something should be', () => {
  for (const seed of [101, 102, 103])
    it(`seed ${seed}`, async () => {
      await using hub = await openMemoryHub()
      const endMs = systemClock.monotonicMs() + secondsOfEach * 1000
      const goesOn = (): boolean => systemClock.monotonicMs() < endMs
      const outcome = await runFuzz({ target: hub.target, seed, clock: systemClock, goesOn })
      assert.ok('sent' in outcome && outcome.sent > 100, JSON.stringify(outcome))
    })
})
