import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeptText } from './kept-text.ts'
import { createRowBatch } from './row-batch.ts'
import { type RowKey, rowKeyText } from './row-key.ts'

const row = (name: string): RowKey => ({ resource: 'r', namespace: 'n', name })

/** A database that answers when the test says so. */
function createReads() {
  const asked: string[][] = []
  const answers: (() => void)[] = []
  const batch = createRowBatch(async (rows) => {
    asked.push(rows.map(({ name }) => name))
    await new Promise<void>((resolve) => answers.push(resolve))
    if (rows.some(({ name }) => name === 'bad')) throw new Error('refused')
    return new Map(
      rows
        .filter(({ name }) => name !== 'absent')
        .map((each) => [rowKeyText(each), new KeptText(`{"name":"${each.name}"}`)]),
    )
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return {
    batch,
    asked,
    answer: async () => {
      await turn()
      answers.shift()?.()
      await turn()
    },
  }
}

describe('gets that come together', () => {
  it('share a question, and each is answered its own', async () => {
    const { batch, asked, answer } = createReads()
    const found = Promise.all([batch(row('a')), batch(row('absent')), batch(row('a'))])
    await answer()
    assert.deepEqual(
      (await found).map((kept) => kept?.text),
      ['{"name":"a"}', undefined, '{"name":"a"}'],
    )
    assert.deepEqual(asked, [['a', 'absent']])
  })
  it('are never answered by a question that was put before', async () => {
    const { batch, asked, answer } = createReads()
    const first = batch(row('a'))
    await answer()
    await first
    const [second, third] = [batch(row('a')), batch(row('b'))]
    await answer()
    await Promise.all([second, third])
    assert.deepEqual(asked, [['a'], ['a', 'b']])
  })
  it('wait while two questions are open, and then go together', async () => {
    const { batch, asked, answer } = createReads()
    const all = [batch(row('a'))]
    await new Promise((resolve) => setImmediate(resolve))
    all.push(batch(row('b')))
    await new Promise((resolve) => setImmediate(resolve))
    all.push(batch(row('c')), batch(row('d')))
    for (let turn = 0; turn < 4; turn += 1) await answer()
    await Promise.all(all)
    assert.deepEqual(asked, [['a'], ['b'], ['c', 'd']])
  })
  it('fail with their question and not with the next', async () => {
    const { batch, answer } = createReads()
    const failed = assert.rejects(batch(row('bad')), /refused/)
    await answer()
    await failed
    const good = batch(row('a'))
    await answer()
    assert.equal((await good)?.text, '{"name":"a"}')
  })
})
