import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiBodyMs, apiReaderStuckMs, uploadWindowBytesMin, uploadWindowMs } from '../limits.ts'
import { type RequestSight, judgeSlowness } from './slow-request.ts'

const still: RequestSight = {
  isUpload: false,
  isSending: false,
  isReading: false,
  nowMs: 0,
  startedMs: 0,
  received: 0,
  sent: 0,
}
const begun = { atMs: 0, received: 0, sent: 0 }
const verdictOf = (sight: Partial<RequestSight>, mark = begun) =>
  judgeSlowness({ ...still, ...sight }, mark).verdict

test('a body has its time, however much of it trickles in', () => {
  const sending = { isSending: true, received: 1e9 }
  assert.equal(verdictOf({ ...sending, nowMs: apiBodyMs }), 'fine')
  assert.equal(verdictOf({ ...sending, nowMs: apiBodyMs + 1 }), 'slow-body')
  assert.equal(verdictOf({ nowMs: apiBodyMs + 1 }), 'fine', 'the handler may take longer')
})

test('an upload may take hours as long as it moves', () => {
  let mark = begun
  for (let minute = 1; minute <= 600; minute += 1) {
    const received = minute * uploadWindowBytesMin
    const sight = { ...still, isUpload: true, isSending: true, nowMs: minute * uploadWindowMs }
    const judged = judgeSlowness({ ...sight, received }, mark)
    assert.equal(judged.verdict, 'fine')
    mark = judged.mark
  }
  const nowMs = 601 * uploadWindowMs
  const received = 601 * uploadWindowBytesMin - 1
  assert.equal(verdictOf({ isUpload: true, isSending: true, nowMs, received }, mark), 'slow-body')
})

test('an answer of which nothing is taken is cut off, a quiet watch is not', () => {
  const mark = { atMs: 1000, received: 0, sent: 50 }
  const late = 1000 + apiReaderStuckMs + 1
  assert.equal(verdictOf({ isReading: true, nowMs: late, sent: 50 }, mark), 'slow-reader')
  assert.equal(verdictOf({ isReading: true, nowMs: late, sent: 51 }, mark), 'fine')
  assert.equal(verdictOf({ isReading: true, nowMs: late - 1, sent: 50 }, mark), 'fine')
  assert.equal(verdictOf({ nowMs: 3600_000 }, mark), 'fine')
})
