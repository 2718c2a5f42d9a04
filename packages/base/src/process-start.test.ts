import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startTicksOf } from './process-start.ts'

const stat = (name: string, state: string) =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194304 1 0 0 0 2 3 0 0 20 0 7 0 123456 1 2 3`

test('the start is found whatever the program is called', () => {
  for (const name of ['node', 'a b', ') R 9 9', '(('])
    assert.equal(startTicksOf(stat(name, 'S')), '123456')
})

test('a process that ended and was not collected runs no more', () => {
  assert.equal(startTicksOf(stat('node', 'Z')), undefined)
})

test('text that is no stat names no start', () => {
  for (const text of ['', ')', 'garbage', '1 (x) S 1']) assert.equal(startTicksOf(text), undefined)
})

test(
  'this very process has a start',
  { skip: process.platform === 'linux' ? false : 'only Linux has /proc' },
  () => {
    assert.match(startTicksOf(readFileSync('/proc/self/stat', 'utf8')) ?? '', /^\d+$/)
  },
)
