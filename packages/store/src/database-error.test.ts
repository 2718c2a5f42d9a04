import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ApiError, isApiError } from '@skerry/api/status'
import { databaseError, isAnswered, isRefusedValue } from './database-error.ts'
import { reasonIn } from './postgres-process.ts'

const failed = (code: string, message = 'it said no') => Object.assign(new Error(message), { code })

it('tells what passes, what is full, what was refused and what is a bug apart', () => {
  const cases: [unknown, string, RegExp][] = [
    [failed('57P01'), 'ServiceUnavailable', /does not answer; try again/],
    [failed('ECONNREFUSED'), 'ServiceUnavailable', /does not answer; try again/],
    [failed('53100'), 'ServiceUnavailable', /no space left; nothing was written\. Free some/],
    [failed('22021'), 'BadRequest', /refuses a value: it said no/],
  ]
  for (const [thrown, reason, sentence] of cases) {
    const error = databaseError(thrown)
    assert.ok(error instanceof ApiError, String(thrown))
    assert.equal(error.reason, reason)
    assert.match(error.message, sentence)
  }
  const bug = new TypeError('x is not a function')
  assert.equal(databaseError(bug), bug)
  assert.equal(isRefusedValue(failed('22021')), true)
  assert.equal(isRefusedValue(failed('53100')), false)
})

it('says of a full disk what to do, and of all else what PostgreSQL said last', () => {
  const output =
    'creating files ... ok\nFATAL:  could not write: No space left on device\nchild exited'
  assert.match(reasonIn(output), /no space left: free some/)
  assert.equal(reasonIn('a\nFATAL: lock file exists'), 'a | FATAL: lock file exists')
})

it('a socket that broke is no answer of the database', () => {
  for (const code of ['EPIPE', 'EBADF', 'ECONNRESET']) {
    const error = Object.assign(new Error(`write ${code}`), { code })
    assert.equal(isAnswered(error), false, code)
    assert.ok(isApiError(databaseError(error), 'ServiceUnavailable'), code)
  }
})
