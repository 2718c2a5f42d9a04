import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonProblem } from './json-bound.ts'

const limits = { jsonDepthMax: 3, jsonStructuresMax: 1000 }
const padding = ' '.repeat(70_000)
const problem = (text: string) => jsonProblem(Buffer.from(padding + text), limits)

test('depth counts outside of strings only', () => {
  assert.equal(problem('[[[1]],[[2]]]'), undefined)
  assert.match(problem('[[[[1]]]]')!, /deeper than 3/)
  assert.match(problem('[{"a":[{"b":1}]}]')!, /deeper than 3/)
  assert.equal(problem('["[[[[[", "\\"[[[[[", "\\\\"]'), undefined)
})

test('many small things are refused, as many numbers are not', () => {
  assert.equal(problem(`[${'0,'.repeat(10_000)}0]`), undefined)
  for (const piece of ['[],', '{},', '"",'])
    assert.match(problem(`[${piece.repeat(1000)}0]`)!, /has 1001 lists, objects and strings/)
})

test('short bodies are not looked at', () => {
  assert.equal(jsonProblem(Buffer.from('[[[[[[]]]]]]'), limits), undefined)
})
