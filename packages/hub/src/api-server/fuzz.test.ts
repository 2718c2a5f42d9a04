import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runFuzz } from '../../conformance/fuzz-run.ts'
import { candidates, shrinkText } from '../../conformance/fuzz-shrink.ts'
import { openMemoryHub } from '../../conformance/hubs.ts'
import { systemClock } from '@skerry/base/clock'

describe('whatever is sent', () => {
  it('is answered as something should be', async () => {
    await using hub = await openMemoryHub()
    const outcome = await runFuzz({
      target: hub.target,
      seed: 7,
      clock: systemClock,
      goesOn: (sent) => sent < 80,
    })
    assert.deepEqual(outcome, { sent: 80 })
  })

  it('is made small when it fails', async () => {
    const text = JSON.stringify({ a: [1, { b: 'x', bad: 2 }], c: 'long' })
    const small = await shrinkText(text, async (shorter) => shorter.includes('"bad"'))
    assert.equal(small, '{"bad":2}')
    assert.equal(await shrinkText('xxxx!yy', async (shorter) => shorter.includes('!')), '!')
    assert.deepEqual(candidates('1'), [])
  })
})
