import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentLog } from '@skerry/base/log'
import { type SimulatedDisk, createSimulatedDisk } from '../testing/simulated-disk.ts'
import { openAgentState } from '../state/agent-state.ts'
import { type NewRecord, type Spool, openSpool } from './spool.ts'

const record = (requests: number): NewRecord => ({
  startTime: '2026-01-01T00:00:00Z',
  endTime: '2026-01-01T00:01:00Z',
  layer: 'digits',
  model: 'digits',
  version: 'v1',
  digest: 'sha256:1',
  requests,
  errors: 0,
  judged: 0,
  correct: 0,
  latencyMs: { zero: 0, buckets: [], sum: 0 },
  confidence: { zero: 0, buckets: [], sum: 0 },
  classes: {},
})

async function open(disk: SimulatedDisk, bootId: string, bytesMax = 1_000_000): Promise<Spool> {
  const { dropped } = await openAgentState(disk, '', silentLog)
  const bounds = { bytesMax, segmentBytesMax: 1000 }
  return openSpool({ disk, directory: '/spool', bootId, dropped, log: silentLog, ...bounds })
}

/** Sends everything; returns the requests of each batch by boot. */
async function drain(spool: Spool): Promise<string[]> {
  const sent: string[] = []
  for (let batch = await spool.oldest(); batch !== undefined; batch = await spool.oldest()) {
    const { bootId, records, dropped } = batch
    sent.push(`${bootId} ${records.map((each) => each.requests).join(' ')} dropped ${dropped ?? 0}`)
    await spool.acknowledge(batch, records.at(-1)!.sequence)
  }
  return sent
}

describe('a spool', () => {
  it('gives back oldest first, each run of the agent under its own name', async () => {
    const disk = createSimulatedDisk()
    const first = await open(disk, 'boot-1')
    await first.append([record(1), record(2)])
    await first.append([record(3)])
    await first[Symbol.asyncDispose]()
    const second = await open(disk, 'boot-2')
    await second.append([record(4)])
    assert.equal(second.depth().records, 4)
    assert.equal((await second.oldest())?.records[0]?.sequence, 1)
    assert.deepEqual(await drain(second), [
      'boot-1 1 2 dropped 0',
      'boot-1 3 dropped 0',
      'boot-2 4 dropped 0',
    ])
    assert.deepEqual(await disk.list('/spool'), [], 'what was acknowledged is gone')
    await second.append([record(5)])
    assert.equal((await second.oldest())?.records[0]?.sequence, 2, 'sequences go on')
  })

  it('keeps what was not acknowledged', async () => {
    const spool = await open(createSimulatedDisk(), 'boot')
    await spool.append([record(1), record(2)])
    const batch = (await spool.oldest())!
    assert.equal(await spool.acknowledge(batch, 1), 1)
    assert.deepEqual(
      (await spool.oldest())?.records.map((each) => each.requests),
      [2],
    )
    assert.equal(await spool.acknowledge(batch, 0), 0)
  })

  it('drops the oldest past its bound, and tells how many, across restarts', async () => {
    const disk = createSimulatedDisk()
    const spool = await open(disk, 'boot', 3000)
    for (let each = 1; each <= 20; each += 1) await spool.append([record(each)])
    const { bytes, records, dropped } = spool.depth()
    assert.ok(bytes <= 3000, `${bytes} bytes`)
    assert.equal(records + dropped, 20)
    assert.ok(dropped > 0)
    await spool[Symbol.asyncDispose]()
    const again = await open(disk, 'next', 3000)
    const sent = await drain(again)
    assert.match(sent[0]!, new RegExp(` dropped ${dropped}$`))
    assert.match(sent.at(-1)!, / 20 dropped 0$/)
    assert.equal(again.depth().dropped, 0)
  })

  it('may drop what is on its way, and then the answer changes nothing', async () => {
    const spool = await open(createSimulatedDisk(), 'boot', 3000)
    await spool.append([record(1)])
    const batch = (await spool.oldest())!
    for (let each = 2; each <= 20; each += 1) await spool.append([record(each)])
    const before = spool.depth().records
    await spool.acknowledge(batch, 1)
    assert.equal(spool.depth().records, before)
  })

  it('leaves out a line that decayed and keeps the rest', async () => {
    const disk = createSimulatedDisk()
    const spool = await open(disk, 'boot')
    await spool.append([record(1), record(2)])
    await spool[Symbol.asyncDispose]()
    disk.decay('/spool/000000000001.seg', 40)
    assert.deepEqual(await drain(await open(disk, 'next')), ['boot 2 dropped 0'])
  })

  it('counts what a full disk could not take', async () => {
    const disk = createSimulatedDisk({ capacityBytes: 500 })
    const spool = await open(disk, 'boot')
    await spool.append([record(1)])
    await spool.append([record(2)])
    assert.deepEqual([spool.depth().records, spool.depth().dropped], [1, 1])
  })
})
