import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Envelope } from '@skerry/api/envelope'
import { silentLog } from '@skerry/base/log'
import { PowerCut, type SimulatedDisk, createSimulatedDisk } from '../testing/simulated-disk.ts'
import { type NewRecord, openSpool } from '../telemetry/spool.ts'
import { openAgentState } from './agent-state.ts'
import { openBlobStore } from './blob-store.ts'

/** What the agent has been promised, and what it was about to be promised. */
type Promised = {
  target: number
  targetTried: number
  key: boolean
  records: number
  recordsTried: number
  blob: boolean
}

const content = Buffer.from('weights '.repeat(400))
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
const envelope = (revision: number): Envelope => ({
  payloadType: 'test',
  // Longer than a sector, so that it can be torn.
  payload: `${revision} `.repeat(300),
  signatures: [],
})
const record = (requests: number): NewRecord => ({
  startTime: '2026-01-01T00:00:00Z',
  endTime: '2026-01-01T00:01:00Z',
  layer: 'digits',
  model: 'digits',
  version: 'v1',
  digest,
  requests,
  errors: 0,
  judged: 0,
  correct: 0,
  latencyMs: { zero: 0, buckets: [], sum: 0 },
  confidence: { zero: 0, buckets: [], sum: 0 },
  classes: {},
})

async function* bytesFrom(offset: number): AsyncIterable<Uint8Array> {
  for (let at = offset; at < content.length; at += 700) yield content.subarray(at, at + 700)
}

/** The writes of an agent's life: it enrols, gets three specs, a model, and measures. */
async function live(disk: SimulatedDisk, promised: Promised): Promise<void> {
  const state = await openAgentState(disk, '', silentLog)
  await state.key.write({ key: 'secret', request: 'request' })
  promised.key = true
  const blobs = await openBlobStore(disk, '')
  await using spool = await openSpool({
    disk,
    directory: '/spool',
    bootId: 'boot',
    dropped: state.dropped,
    log: silentLog,
    segmentBytesMax: 1000,
  })
  for (const revision of [1, 2, 3]) {
    promised.targetTried = revision
    await state.target.write(envelope(revision))
    promised.target = revision
    promised.recordsTried = revision
    await spool.append([record(revision)])
    promised.records = revision
    if (revision === 2) {
      const source = { digest, sizeBytes: content.length, open: bytesFrom, onProgress() {} }
      assert.equal((await blobs.receive(source)).ok, true)
      promised.blob = true
    }
  }
}

/** Starts on what the power cut left, and says what was broken. */
async function violations(disk: SimulatedDisk, promised: Promised): Promise<string[]> {
  const found: string[] = []
  const state = await openAgentState(disk, '', silentLog)
  const key = await state.key.read()
  if (promised.key && key?.key !== 'secret') found.push('the key is lost')
  const target = await state.target.read()
  const revision = target === undefined ? 0 : Number.parseInt(target.payload, 10)
  if (revision < promised.target) found.push(`spec ${promised.target} was lost for ${revision}`)
  if (revision > promised.targetTried) found.push(`spec ${revision} was never written`)
  const names = await disk.list('/state')
  if (names.some((name) => name.endsWith('.damaged'))) found.push('a file is torn')
  const blobs = await openBlobStore(disk, '')
  if (promised.blob && !blobs.complete().includes(digest)) found.push('the blob is lost')
  for (const each of blobs.complete())
    if (!(await blobs.verify(each))) found.push('the blob is torn')
  const source = { digest, sizeBytes: content.length, open: bytesFrom, onProgress() {} }
  const first = await blobs.receive(source)
  if (!first.ok && !(await blobs.receive(source)).ok) found.push('the blob cannot be fetched')
  const spool = await openSpool({
    disk,
    directory: '/spool',
    bootId: 'next',
    dropped: state.dropped,
    log: silentLog,
  })
  const depth = spool.depth().records
  if (depth < promised.records) found.push(`${promised.records - depth} records are lost`)
  if (depth > promised.recordsTried) found.push('a record was never written')
  await state.target.write(envelope(9))
  if ((await state.target.read())?.payload !== envelope(9).payload) found.push('no new spec')
  return found
}

/** Every step, each with several outcomes: what went wrong. */
async function tryEveryCut(ignores?: 'sync' | 'syncDirectory'): Promise<string[]> {
  const found: string[] = []
  for (let step = 0; ; step += 1) {
    const disk = createSimulatedDisk({ ignores })
    disk.cutPowerAt(step)
    const promised: Promised = {
      target: 0,
      targetTried: 0,
      key: false,
      records: 0,
      recordsTried: 0,
      blob: false,
    }
    let isCut = false
    try {
      await live(disk, promised)
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
      isCut = true
    }
    for (let seed = 0; seed < 8; seed += 1)
      for (const each of await violations(disk.afterPowerCut(step * 8 + seed), promised))
        found.push(`step ${step}, seed ${step * 8 + seed}: ${each}`)
    if (!isCut) return found
  }
}

describe('a power cut at every step', () => {
  it('leaves a state from which the agent starts, never older than what was promised', async () => {
    assert.deepEqual(await tryEveryCut(), [])
  })

  it('would be noticed if files were not synced', async () => {
    const found = await tryEveryCut('sync')
    assert.ok(found.some((each) => each.includes('torn')))
    assert.ok(found.some((each) => each.includes('records are lost')))
  })

  it('would be noticed if directories were not synced', async () => {
    const found = await tryEveryCut('syncDirectory')
    assert.ok(found.some((each) => each.includes('spec 1 was lost')))
    assert.ok(found.some((each) => each.includes('the blob is lost')))
  })
})

describe('a state file', () => {
  it('that decayed is set aside, and the next write replaces it', async () => {
    const disk = createSimulatedDisk()
    const state = await openAgentState(disk, '', silentLog)
    await state.target.write(envelope(1))
    for (const offset of [0, 20, 90, 400]) {
      disk.decay('/state/target.json', offset)
      assert.equal(await state.target.read(), undefined, `byte ${offset} decayed`)
      assert.ok((await disk.list('/state')).includes('target.json.damaged'))
      await state.target.write(envelope(2))
      assert.deepEqual(await state.target.read(), envelope(2))
    }
  })

  it('keeps its old value when the disk is full', async () => {
    const disk = createSimulatedDisk({ capacityBytes: 1000 })
    const state = await openAgentState(disk, '', silentLog)
    await state.target.write(envelope(1))
    await assert.rejects(state.target.write(envelope(2)), { name: 'DiskError', reason: 'Full' })
    assert.deepEqual(await state.target.read(), envelope(1))
  })
})
