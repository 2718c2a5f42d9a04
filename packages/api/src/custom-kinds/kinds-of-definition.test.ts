import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Definition } from './definition.ts'
import { kindsOfDefinition } from './kinds-of-definition.ts'

const definition = (metadata: object = {}): Definition => ({
  metadata: { name: 'lamps.t.io', ...metadata },
  spec: {
    group: 't.io',
    scope: 'Namespaced',
    names: { plural: 'lamps', kind: 'Lamp' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object' } },
        additionalPrinterColumns: [
          { name: 'Watts', type: 'integer', jsonPath: '.spec.watts' },
          { name: 'Room', type: 'string', jsonPath: '.spec.room', description: 'Where it hangs.' },
        ],
      },
    ],
  },
})
const kindOf = (metadata?: object) => kindsOfDefinition(definition(metadata), () => undefined)[0]!

describe('kinds of a definition', () => {
  it('say of a column that nobody describes where it comes from, as Kubernetes does', () =>
    assert.deepEqual(
      kindOf().columns.map(({ description }) => description),
      ['Custom resource definition column (in JSONPath format): .spec.watts', 'Where it hangs.'],
    ))

  it('end as soon as their definition is to be deleted', () => {
    assert.equal(kindOf().isEnding, undefined)
    assert.equal(kindOf({ deletionTimestamp: '2026-11-21T12:00:00Z' }).isEnding, true)
  })
})
