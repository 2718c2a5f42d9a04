import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { silentLog } from '@skerry/base/log'
import { createSimulatedDisk } from '../testing/simulated-disk.ts'
import { openAgentState } from './agent-state.ts'
import { openBlobStore } from './blob-store.ts'

const content = Buffer.from('weights '.repeat(1000))
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
const sizeBytes = content.length

async function makeStore(capacityBytes?: number) {
  const disk = createSimulatedDisk({ capacityBytes })
  await openAgentState(disk, '', silentLog)
  return { disk, store: await openBlobStore(disk, '') }
}

/** Gives `content` from an offset, up to `end`, and then breaks or stops. */
function source(end: number, options: { readonly isLost?: boolean; readonly bytes?: Buffer } = {}) {
  const offsets: number[] = []
  const bytes = options.bytes ?? content
  async function* open(offset: number): AsyncIterable<Uint8Array> {
    offsets.push(offset)
    for (let at = offset; at < end; at += 1000) yield bytes.subarray(at, Math.min(at + 1000, end))
    if (options.isLost === true) throw new Error('the link is lost')
  }
  return { offsets, blob: { digest, sizeBytes, open, onProgress() {} } }
}

describe('a blob store', () => {
  it('resumes where a lost link stopped, also after a restart', async () => {
    const { disk, store } = await makeStore()
    await assert.rejects(store.receive(source(3000, { isLost: true }).blob), /link is lost/)
    assert.deepEqual([store.partials(), store.complete()], [[digest], []])
    const again = await openBlobStore(disk, '')
    const rest = source(sizeBytes)
    assert.deepEqual(await again.receive(rest.blob), { ok: true })
    assert.deepEqual(rest.offsets, [3000])
    assert.deepEqual([again.partials(), again.complete()], [[], [digest]])
    assert.deepEqual(Buffer.from((await disk.read(again.pathOf(digest)))!), content)
  })

  it('does not take what ends early, is something else, or never ends', async () => {
    const { store } = await makeStore()
    const early = await store.receive(source(2000).blob)
    assert.deepEqual(
      [early.ok, early.ok ? '' : early.message],
      [false, 'only 2000 of 8000 bytes came'],
    )
    const other = Buffer.from('nonsense'.repeat(1000))
    const wrong = await store.receive(source(sizeBytes, { bytes: other }).blob)
    assert.equal(wrong.ok ? '' : wrong.reason, 'WrongContent')
    assert.deepEqual(store.partials(), [], 'it begins again from nothing')
    const endless = Buffer.concat([content, content])
    const result = await store.receive(source(endless.length, { bytes: endless }).blob)
    assert.deepEqual(result, { ok: true }, 'what is past the end is not read')
  })

  it('says that the disk is too full before it begins', async () => {
    const { store } = await makeStore(1000)
    await assert.rejects(store.receive(source(sizeBytes).blob), {
      name: 'DiskError',
      reason: 'Full',
      message: /8000 bytes are needed .* only 1000 are left/,
    })
  })

  it('notices a file that decayed, and removes it', async () => {
    const { disk, store } = await makeStore()
    await store.receive(source(sizeBytes).blob)
    const later = await openBlobStore(disk, '')
    disk.decay(later.pathOf(digest), 77)
    assert.equal(await later.verify(digest), false)
    assert.deepEqual(later.complete(), [])
    assert.equal(await disk.size(later.pathOf(digest)), undefined)
  })
})
