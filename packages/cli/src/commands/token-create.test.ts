import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandError } from '../exit-code.ts'
import { parseLabels } from './token-create.ts'

test('labels are keys with values, and an empty value is one', () => {
  assert.deepEqual(parseLabels(['fleet=shops', 'a.b/c=d=e', 'empty=']), {
    fleet: 'shops',
    'a.b/c': 'd=e',
    empty: '',
  })
  assert.deepEqual(parseLabels([]), {})
})

test('what is no label is refused with an example', () => {
  for (const word of ['fleet', '=shops', ''])
    assert.throws(
      () => parseLabels([word]),
      (error) => error instanceof CommandError && /such as fleet=shops/.test(error.message),
    )
})
