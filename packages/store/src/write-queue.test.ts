import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refused } from '@skerry/testing/state-conformance-tools'
import type { Outcome } from './decide-batch.ts'
import { KeptText } from './kept-text.ts'
import type { Write } from './ledger.ts'
import { batchBytesMax, batchWritesMax, queuedWritesMax } from './limits.ts'
import { createWriteQueue } from './write-queue.ts'

const kept = new KeptText('{"metadata":{"name":"done"}}')
const done: Outcome = { ok: true, kept }

const write = (name: string, bytes = 1): Write => ({
  row: { resource: 'configmaps', namespace: 'default', name },
  bytes,
  decide: () => ({ action: 'keep', object: kept.object }),
})

const sqlError = (code: string) => Object.assign(new Error(`SQLSTATE ${code}`), { code })

describe('write queue', () => {
  it('commits what waits as one batch, in order', async () => {
    const batches: string[][] = []
    await using queue = createWriteQueue(async (writes) => {
      batches.push(writes.map(({ row }) => row.name))
      await Promise.resolve()
      return writes.map(() => done)
    })
    const first = queue.add(write('a'))
    await Promise.resolve()
    await Promise.resolve()
    await Promise.all([first, queue.add(write('b')), queue.add(write('c'))])
    assert.deepEqual(batches, [['a'], ['b', 'c']])
  })
  it('bounds a batch by writes and by bytes', async () => {
    const sizes: number[] = []
    await using queue = createWriteQueue(async (writes) => {
      sizes.push(writes.length)
      return writes.map(() => done)
    })
    const many = Array.from({ length: batchWritesMax + 1 }, (_, index) => write(`m${index}`))
    await Promise.all(many.map((each) => queue.add(each)))
    const large = [1, 2, 3].map((index) => write(`l${index}`, batchBytesMax - 1))
    await Promise.all(large.map((each) => queue.add(each)))
    assert.deepEqual(sizes, [batchWritesMax, 1, 1, 1, 1])
  })
  it('refuses what is too much, and goes on', async () => {
    const gate = Promise.withResolvers<void>()
    await using queue = createWriteQueue(async (writes) => {
      await gate.promise
      return writes.map(() => done)
    })
    const waiting = [queue.add(write('first'))]
    await Promise.resolve()
    await Promise.resolve()
    for (let index = 0; index < queuedWritesMax; index += 1) waiting.push(queue.add(write('w')))
    await refused('TooManyRequests', queue.add(write('too much')))
    gate.resolve()
    await Promise.all(waiting)
    await queue.add(write('again'))
  })
  it('answers a refusal to its own write alone', async () => {
    await using queue = createWriteQueue(async (writes) =>
      writes.map(({ row }) =>
        row.name === 'bad' ? { ok: false, error: new Error('refused') } : done,
      ),
    )
    const results = await Promise.allSettled([
      queue.add(write('good')),
      queue.add(write('bad')),
      queue.add(write('fine')),
    ])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
  })
  it('tries the others alone when PostgreSQL refuses one value', async () => {
    await using queue = createWriteQueue(async (writes) => {
      if (writes.some(({ row }) => row.name === 'bad')) throw sqlError('22P05')
      return writes.map(() => done)
    })
    const good = queue.add(write('good'))
    const bad = queue.add(write('bad'))
    assert.equal(await good, kept)
    await refused('BadRequest', bad)
  })
  it('says try again when the database is away, and after it was closed', async () => {
    const queue = createWriteQueue(async () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    })
    await refused('ServiceUnavailable', queue.add(write('a')))
    await queue[Symbol.asyncDispose]()
    await refused('ServiceUnavailable', queue.add(write('b')))
    await using bug = createWriteQueue(async () => {
      throw sqlError('42601')
    })
    await assert.rejects(bug.add(write('a')), { message: 'SQLSTATE 42601' })
  })
})
