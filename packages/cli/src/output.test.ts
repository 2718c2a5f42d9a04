import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandError } from './exit-code.ts'
import { parseOutputFormat, render } from './output.ts'

const rows = [
  { name: 'a', size: 10 },
  { name: 'longer', size: 2 },
]
const columns = [
  { title: 'NAME', value: (row: { name: string }) => row.name },
  { title: 'SIZE', value: (row: { size: number }) => String(row.size), isWide: true },
]

test('a table lines up, and wide columns come with wide', () => {
  assert.equal(render(rows, columns, 'table'), 'NAME\na\nlonger\n')
  assert.equal(render(rows, columns, 'wide'), 'NAME     SIZE\na        10\nlonger   2\n')
})

test('json and yaml are the rows themselves', () => {
  assert.deepEqual(JSON.parse(render(rows, columns, 'json')), rows)
  assert.equal(render([{ name: 'a' }], [], 'yaml'), '- name: a\n')
})

test('an unknown format is a usage error that names the known ones', () => {
  assert.throws(
    () => parseOutputFormat('xml'),
    (error) => error instanceof CommandError && /table, wide, json, yaml/.test(error.message),
  )
})
