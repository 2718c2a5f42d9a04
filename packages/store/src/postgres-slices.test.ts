import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byPlace, merged } from './postgres-slices.ts'
import type { SliceRow } from './sql/list-slice.ts'

const row = (name: string, isPast = false, namespace = 'a'): SliceRow => ({
  namespace,
  name,
  body: '{}',
  isPast,
})
const names = (rows: readonly SliceRow[]) => rows.map(({ name }) => name)

describe('rows of the table and of the log', () => {
  it('are put in one order', () => {
    const { rows, last } = merged([row('b'), row('d'), row('a', true), row('c', true)], 10)
    assert.deepEqual(names(rows), ['a', 'b', 'c', 'd'])
    assert.equal(last, undefined)
  })
  it('count up to where the first of both was cut', () => {
    const cut = merged([row('b'), row('d'), row('a', true), row('c', true)], 2)
    assert.deepEqual(names(cut.rows), ['a', 'b', 'c'])
    assert.equal(cut.last?.name, 'c')
    const table = merged([row('b'), row('d'), row('z', true)], 2)
    assert.deepEqual(names(table.rows), ['b', 'd'])
    assert.equal(table.last?.name, 'd')
  })
  it('are over when neither was cut', () => {
    assert.deepEqual(merged([], 2), { rows: [], last: undefined })
    assert.equal(merged([row('a')], 2).last, undefined)
  })
  it('are ordered by bytes, namespace first', () => {
    const places = [row('a', false, 'b'), row('b'), row('B'), row('a-b'), row('a')]
    assert.deepEqual(names(places.toSorted(byPlace)), ['B', 'a', 'a-b', 'b', 'a'])
  })
})
