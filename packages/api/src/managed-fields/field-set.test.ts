import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Random, seededRandom } from '@skerry/base/random'
import {
  type FieldSet,
  type FieldSetBuilder,
  differenceOf,
  equalFieldSets,
  hasField,
  insertField,
  intersectionOf,
  noFields,
  pathsOf,
  recursiveDifferenceOf,
  showPath,
  unionOf,
} from './field-set.ts'
import { readFieldsV1, writeFieldsV1 } from './fields-v1.ts'

const elements = [
  'f:a',
  'f:b',
  'f:.',
  'f:__proto__',
  'f:é',
  'v:1',
  'v:10',
  'v:9',
  'v:1.5',
  'v:true',
  'v:"x"',
  'v:"\\u003cx\\u003e"',
  'k:{"name":"x"}',
  'k:{"port":80,"protocol":"TCP"}',
  'k:{"port":443,"protocol":"TCP"}',
  'k:{"port":80}',
  'i:0',
  'i:12',
]

function randomSet(random: Random): FieldSet {
  const set: FieldSetBuilder = new Map()
  const pick = () => elements[Math.floor(random.next() * elements.length)]!
  for (let count = Math.floor(random.next() * 12); count > 0; count -= 1)
    insertField(set, Array.from({ length: 1 + Math.floor(random.next() * 3) }, pick))
  return set
}

const membersOf = (set: FieldSet): Set<string> =>
  new Set(pathsOf(set).map((path) => JSON.stringify(path)))
const sameMembers = (set: FieldSet, expected: Iterable<string>): void =>
  assert.deepEqual([...membersOf(set)].toSorted(), [...expected].toSorted())
const isSound = (set: FieldSet): boolean =>
  [...set.values()].every(({ isMember, below }) => (isMember || below.size > 0) && isSound(below))

describe('field sets', () => {
  it('are sets of paths', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = seededRandom(seed)
      const [left, right] = [randomSet(random), randomSet(random)]
      const [ones, others] = [membersOf(left), membersOf(right)]
      sameMembers(unionOf(left, right), ones.union(others))
      sameMembers(intersectionOf(left, right), ones.intersection(others))
      sameMembers(differenceOf(left, right), ones.difference(others))
      for (const set of [unionOf, intersectionOf, differenceOf, recursiveDifferenceOf])
        assert.ok(isSound(set(left, right)), `seed ${seed}`)
      assert.ok(equalFieldSets(unionOf(left, right), unionOf(right, left)))
      assert.equal(differenceOf(left, noFields), left)
      assert.equal(differenceOf(left, left).size, 0)
      for (const path of pathsOf(left)) assert.ok(hasField(left, path))
    }
  })

  it('lose what is below when all of it goes', () => {
    const set: FieldSetBuilder = new Map()
    for (const path of [['f:a'], ['f:a', 'f:b'], ['f:a', 'f:b', 'f:c'], ['f:d']])
      insertField(set, path)
    const gone: FieldSetBuilder = new Map()
    insertField(gone, ['f:a', 'f:b'])
    sameMembers(recursiveDifferenceOf(set, gone), ['["f:a"]', '["f:d"]'])
    sameMembers(differenceOf(set, gone), ['["f:a"]', '["f:a","f:b","f:c"]', '["f:d"]'])
  })

  it('say where a field is as Kubernetes does', () => {
    const shown = (...path: string[]) => showPath(path)
    assert.equal(shown('f:spec', 'f:tags', 'v:"x"'), '.spec.tags[="x"]')
    assert.equal(
      shown('f:spec', 'k:{"port":80,"protocol":"TCP"}', 'f:name'),
      '.spec[port=80,protocol="TCP"].name',
    )
    assert.equal(shown('f:a', 'i:3', 'v:true'), '.a[3][=true]')
  })
})

describe('FieldsV1', () => {
  it('comes back as it went, in both orders', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const set = randomSet(seededRandom(seed))
      for (const order of ['values', 'text'] as const) {
        const written = JSON.stringify(writeFieldsV1(set, order))
        const read = readFieldsV1(JSON.parse(written))!
        assert.ok(equalFieldSets(read, set), `seed ${seed}`)
        assert.equal(JSON.stringify(writeFieldsV1(read, order)), written)
      }
    }
  })

  it('is ordered by values, or by text', () => {
    const set: FieldSetBuilder = new Map()
    for (const element of elements.toReversed()) insertField(set, [element])
    assert.deepEqual(Object.keys(writeFieldsV1(set, 'values')), [
      'f:.',
      'f:__proto__',
      'f:a',
      'f:b',
      'f:é',
      'k:{"name":"x"}',
      'k:{"port":80}',
      'k:{"port":80,"protocol":"TCP"}',
      'k:{"port":443,"protocol":"TCP"}',
      'v:1',
      'v:1.5',
      'v:9',
      'v:10',
      'v:"\\u003cx\\u003e"',
      'v:"x"',
      'v:true',
      'i:0',
      'i:12',
    ])
    assert.deepEqual(Object.keys(writeFieldsV1(set, 'text')), elements.toSorted())
  })

  it('reads steps that are written in another way, and leaves out those of an unknown sort', () => {
    const read = readFieldsV1({
      'k:{"protocol":"TCP", "port":80}': {},
      'v:1.0': { '.': {} },
      'z:later': { 'f:x': {} },
    })!
    assert.deepEqual(writeFieldsV1(read, 'text'), {
      'k:{"port":80,"protocol":"TCP"}': {},
      'v:1': {},
    })
  })

  it('is refused when it is none', () => {
    const bad = ['x', 7, [], { x: {} }, { f: {} }, { 'v:': {} }, { 'k:[]': {} }, { 'i:x': {} }]
    for (const value of [...bad, { 'f:a': 7 }, { 'f:a': { 'f:b': [] } }])
      assert.equal(readFieldsV1(value), undefined, JSON.stringify(value))
  })
})
