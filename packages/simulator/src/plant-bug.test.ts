import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rules } from './check/violation.ts'
import { plantedBugs } from './plant-bug.ts'

test('each rule has a bug that it must catch: one that catches nothing would not be missed', () => {
  const proved = new Set(Object.values(plantedBugs).map(({ caughtBy }) => caughtBy))
  assert.deepEqual(
    rules.filter((rule) => !proved.has(rule)),
    [],
  )
})

test('each bug finds its place in the product once, as it is today', () => {
  for (const [name, { module, find, instead }] of Object.entries(plantedBugs)) {
    const text = readFileSync(join(import.meta.dirname, '../..', module), 'utf8')
    assert.equal(text.split(find).length, 2, `${name} in ${module}: plant it anew`)
    assert.notEqual(find, instead)
  }
})
