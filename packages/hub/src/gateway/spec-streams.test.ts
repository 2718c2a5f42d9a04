import { strict as assert } from 'node:assert'
import type { ServerHttp2Stream } from 'node:http2'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import type { Clock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import type { SpecStore, StoredSpec } from '@skerry/store/hub-store'
import { specDrainMsMax } from './limits.ts'
import { createSpecStreams } from './spec-streams.ts'

type Handed = Writable & { frames: string[]; release: () => void }

/** A reader; one that `isSlow` takes a frame only when it is released. */
function reader(isSlow = false): Handed & ServerHttp2Stream {
  const frames: string[] = []
  let held: (() => void) | undefined
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      frames.push(chunk.subarray(4).toString())
      assert.equal(chunk.readUInt32BE(0), chunk.length - 4)
      if (isSlow) held = done
      else done()
    },
  })
  const handed = Object.assign(stream, { frames, release: () => held?.(), respond: () => {} })
  return handed as unknown as Handed & ServerHttp2Stream
}

function fakes(envelope = '{}') {
  let revision = 1
  let reads = 0
  let listener: (siteUid: string | undefined) => void = () => {}
  const spec = () => ({ epoch: 1, revision, envelope: `${envelope}${revision}` }) as StoredSpec
  const specs: SpecStore = {
    get: async () => {
      reads += 1
      return spec()
    },
    put: async () => {},
    delete: async () => {},
    subscribe: (given) => {
      listener = given
      return { [Symbol.dispose]: () => {} }
    },
  }
  const sleeps: { ms: number; wake: () => void }[] = []
  const clock: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleeps.push({ ms, wake: resolve })
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
      }),
  }
  const change = (siteUid: string | undefined) => {
    revision += 1
    listener(siteUid)
  }
  return { specs, clock, sleeps, change, reads: () => reads }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('a slow reader gets the newest and not what lay between', async () => {
  const { specs, clock, change } = fakes()
  const streams = createSpecStreams({ specs, clock, log: silentLog })
  const slow = reader(true)
  const fast = reader()
  streams.open(slow, 'site', undefined)
  streams.open(fast, 'site', { epoch: 1, revision: 1 })
  await settle()
  for (let count = 0; count < 5; count += 1) {
    change('site')
    await settle()
  }
  assert.deepEqual(slow.frames, ['{}1'])
  slow.release()
  await settle()
  assert.deepEqual(slow.frames, ['{}1', '{}6'])
  assert.deepEqual(fast.frames, ['{}2', '{}3', '{}4', '{}5', '{}6'])
})

test('a reader that takes nothing is cut off', async () => {
  const { specs, clock, sleeps } = fakes()
  const streams = createSpecStreams({ specs, clock, log: silentLog })
  const stuck = reader(true)
  streams.open(stuck, 'site', undefined)
  await settle()
  assert.equal(sleeps[0]?.ms, specDrainMsMax)
  assert.equal(stuck.destroyed, false)
  sleeps[0].wake()
  await settle()
  assert.equal(stuck.destroyed, true)
})

test('only readers of the site are touched; after a gap all look, and who left is forgotten', async () => {
  const { specs, clock, change, reads } = fakes()
  const streams = createSpecStreams({ specs, clock, log: silentLog })
  const [here, there, gone] = [reader(), reader(), reader()]
  streams.open(here, 'site', undefined)
  streams.open(there, 'other', undefined)
  streams.open(gone, 'site', undefined)
  await settle()
  gone.destroy()
  await settle()
  const before = reads()
  change('site')
  await settle()
  assert.equal(reads(), before + 1)
  change(undefined)
  await settle()
  assert.equal(reads(), before + 3)
  assert.deepEqual(there.frames, ['{}1', '{}3'])
  assert.deepEqual(gone.frames, ['{}1'])
})

test('a stream that gets many specs in its life gathers no listeners', async () => {
  const { specs, clock, change } = fakes()
  const streams = createSpecStreams({ specs, clock, log: silentLog })
  const stream = reader()
  streams.open(stream, 'site', undefined)
  await settle()
  const before = stream.listenerCount('close')
  for (let count = 0; count < 20; count += 1) {
    change('site')
    await settle()
  }
  assert.equal(stream.frames.length, 21)
  assert.equal(stream.listenerCount('close'), before)
})
