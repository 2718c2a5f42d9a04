import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerMemory } from './answer-memory.ts'

const limits = { truthAgeMsMax: 1000, truthRowsMax: 3 }
const unknown = { ok: false, reason: 'unknown' }

test('the oldest answers go when there is no room, and all when their time is over', () => {
  const memory = new AnswerMemory(limits)
  for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) memory.remember(id, [index], index)
  assert.deepEqual(memory.judge('a', ['0'], 5), unknown)
  assert.deepEqual(memory.judge('b', ['1'], 5), {
    ok: true,
    judged: 1,
    correct: 1,
    isRepeated: false,
  })
  assert.deepEqual(memory.judge('d', ['3'], 1003), {
    ok: true,
    judged: 1,
    correct: 1,
    isRepeated: false,
  })
  assert.deepEqual(memory.judge('d', ['3'], 1004), unknown)
})

test('an id that is used again means its newest answer; too many rows are not remembered', () => {
  const memory = new AnswerMemory(limits)
  memory.remember('a', [1], 0)
  memory.remember('a', [2], 1)
  const judgement = memory.judge('a', ['2'], 2)
  assert.ok(judgement.ok && judgement.correct === 1)
  memory.remember('b', [1, 2, 3, 4], 2)
  assert.deepEqual(memory.judge('b', ['1', '2', '3', '4'], 2), unknown)
  assert.deepEqual(memory.judge('a', ['1', '2'], 2), { ok: false, reason: 'wrong count', rows: 1 })
})
