import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConsoleRecord } from './console-record.ts'
import { labLimits } from './limits.ts'

function createRecord(t: { after(act: () => void): void }): ConsoleRecord {
  const directory = mkdtempSync(join(tmpdir(), 'record-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return new ConsoleRecord(join(directory, 'log'))
}

test('lines are found in order, by patterns with any flags', (t) => {
  using record = createRecord(t)
  for (const text of ['one', 'two', 'one more']) record.add({ seconds: 1, text })
  const sticky = /one/g
  assert.equal(record.find(sticky, 0)?.number, 0)
  assert.equal(record.find(sticky, 1)?.number, 2)
  assert.equal(record.find(sticky, 3), undefined)
  assert.match(record.tail(2), /two\n.*one more$/)
})

test('a guest that never stops talking fills neither memory nor the reader', (t) => {
  using record = createRecord(t)
  const lines = labLimits.consoleLinesMax * 3
  for (let number = 0; number < lines; number++) record.add({ seconds: 0, text: `${number}` })
  assert.equal(record.length, lines)
  assert.equal(record.at(0), undefined)
  assert.equal(record.find(/^/, 0)?.line.text, `${record.find(/^/, 0)?.number}`)
  assert.equal(readFileSync(record.file, 'latin1').split('\n').length, lines + 1)
})

test('who follows the lines gets all of them, also those that come later, and then the end', async (t) => {
  const record = createRecord(t)
  record.add({ seconds: 0, text: 'before' })
  const followed = Array.fromAsync(record.lines(0), ({ text }) => text)
  record.add({ seconds: 0, text: 'now' })
  await Promise.resolve()
  record.add({ seconds: 0, text: 'later' })
  record[Symbol.dispose]()
  record.add({ seconds: 0, text: 'too late' })
  assert.deepEqual(await followed, ['before', 'now', 'later'])
})
