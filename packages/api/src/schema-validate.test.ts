import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJson } from '@skerry/base/json'
import { formatProblem } from './problem.ts'
import {
  anyObject,
  boolean,
  integer,
  list,
  listByKey,
  map,
  number,
  object,
  oneOf,
  optional,
  string,
  timestamp,
  withDefault,
} from './schema.ts'
import { applyDefaults } from './schema-defaults.ts'
import { pruneUnknown } from './schema-prune.ts'
import { validateSchema } from './schema-validate.ts'

const schema = object(
  {
    name: string('Name.', { minLength: 2, maxLength: 5, pattern: '^[a-z]+$' }),
    size: optional(integer('Size.', { minimum: 0, maximum: 10 })),
    share: optional(number('Share.')),
    isOn: withDefault(boolean('On.'), true),
    color: optional(oneOf(['red', 'blue'], 'Color.')),
    since: optional(timestamp('Since.')),
    items: optional(
      listByKey(
        object({ key: string('Key.'), count: withDefault(integer('Count.'), 1) }, 'Item.'),
        'key',
        'Items.',
      ),
    ),
    tags: optional(list(string('Tag.'), 'Tags.', { maxItems: 2, minItems: 1 })),
    labels: optional(map(string('Value.'), 'Labels.', { maxProperties: 2 })),
    free: optional(anyObject('Anything.')),
    port: optional({ 'x-kubernetes-int-or-string': true as const }),
    note: optional({ type: 'string' as const, nullable: true }),
  },
  'A thing.',
)

const told = (value: unknown): string[] => validateSchema(schema, value, '').map(formatProblem)
const thing = (more: object): object => ({ name: 'abc', ...more })

describe('validateSchema', () => {
  it('takes what fits', () => {
    assert.deepEqual(
      told({
        name: 'abc',
        size: 10,
        share: 0.5,
        isOn: false,
        color: 'red',
        since: '2026-11-21T08:00:00.123456Z',
        items: [{ key: 'a' }, { key: 'b', count: 2 }],
        tags: ['x'],
        labels: { a: 'b' },
        free: { anything: [1, { goes: null }] },
        port: 'http',
        note: null,
      }),
      [],
    )
    assert.deepEqual(told(thing({ port: 80, size: null })), [])
  })

  const wrong: [string, object, RegExp][] = [
    ['a missing field', { name: undefined }, /^name: Required value/],
    ['null where a value must be', { name: null }, /^name: Required value/],
    [
      'a wrong type',
      { name: 7 },
      /^name: Invalid value: "integer": name in body must be of type string: "integer"$/,
    ],
    [
      'a short text',
      { name: 'a' },
      /^name: Invalid value: "a": name in body should be at least 2 chars long$/,
    ],
    ['a long text', { name: 'abcdef' }, /^name: Too long: may not be more than 5 bytes$/],
    ['a text against its pattern', { name: 'ABC' }, /name in body should match '\^\[a-z\]\+\$'$/],
    ['a fraction for a list', { tags: 1.5 }, /must be of type array: "number"/],
    [
      'a number out of range',
      { size: 11 },
      /^size: Invalid value: 11: size in body should be less than or equal to 10$/,
    ],
    ['a negative number', { size: -1 }, /should be greater than or equal to 0/],
    ['a text for a number', { share: '1' }, /must be of type number: "string"/],
    ['a text for a boolean', { isOn: 'true' }, /must be of type boolean: "string"/],
    [
      'a value of no enum',
      { color: 'green' },
      /^color: Unsupported value: "green": supported values: "red", "blue"/,
    ],
    ['a time that is none', { since: 'yesterday' }, /must be of type date-time: "yesterday"/],
    ['a day that does not exist', { since: '2026-13-41T00:00:00Z' }, /of type date-time/],
    ['a list that is none', { tags: { 0: 'x' } }, /must be of type array: "object"/],
    ['too many items', { tags: ['a', 'b', 'c'] }, /^tags: Too many/],
    ['too few items', { tags: [] }, /at least 1 items/],
    ['a wrong item', { tags: [1] }, /^tags\[0\]: Invalid value: "integer"/],
    [
      'two items of one key',
      { items: [{ key: 'a' }, { key: 'a' }] },
      /^items\[1\]: Duplicate value: {"key":"a"}/,
    ],
    ['too many entries', { labels: { a: '1', b: '2', c: '3' } }, /^labels: Too many/],
    ['a wrong entry', { labels: { a: 1 } }, /^labels\.a: /],
    ['an object that is none', { free: [1] }, /must be of type object: "array"/],
    ['neither integer nor text', { port: 1.5 }, /must be of type integer,string: "number"/],
  ]
  for (const [title, value, pattern] of wrong)
    it(`refuses ${title}`, () => {
      const problems = told(thing(value))
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0]!, pattern)
    })

  it('compares integers past 2^53 with the range', () => {
    assert.match(
      told(thing({ size: parseJson('9007199254740993') }))[0]!,
      /less than or equal to 10/,
    )
  })
  it('reports every problem, and fifty at most', () => {
    assert.equal(told({ size: 'x', color: 1 }).length, 3)
    assert.equal(told(thing({ tags: undefined, items: Array(200).fill(1) })).length, 50)
  })
  it('is not misled by names of the prototype', () => {
    assert.deepEqual(told(thing({ constructor: 1, toString: 2 })), [])
    assert.deepEqual(told(parseJson('{"name":"abc","__proto__":{"name":7}}')), [])
    assert.match(told(parseJson('{"__proto__":{"name":"abc"}}'))[0]!, /^name: Required/)
  })
})

describe('applyDefaults', () => {
  it('fills in what is absent or null, deep in lists too, and touches nothing', () => {
    const value = Object.freeze({ name: 'a', isOn: null, items: [{ key: 'x' }] })
    assert.deepEqual(applyDefaults(schema, value), {
      name: 'a',
      isOn: true,
      items: [{ key: 'x', count: 1 }],
    })
  })
  it('fills in defaults of defaults', () => {
    const outer = object(
      { inner: withDefault(object({ n: withDefault(integer('N.'), 3) }, 'Inner.'), {} as never) },
      'Outer.',
    )
    assert.deepEqual(applyDefaults(outer, {}), { inner: { n: 3 } })
  })
  it('gives each object a default of its own', () => {
    const holder = object({ list: withDefault(list(string('S.'), 'L.'), []) }, 'Holder.')
    const first = applyDefaults(holder, {}) as { list: string[] }
    first.list.push('x')
    assert.deepEqual(applyDefaults(holder, {}), { list: [] })
  })
})

describe('pruneUnknown', () => {
  it('leaves out what the schema does not know, and says where it was', () => {
    const value = {
      name: 'a',
      nmae: 'b',
      items: [{ key: 'x', kee: 1 }],
      labels: { any: '1' },
      free: { x: { y: 1 } },
    }
    const pruned = pruneUnknown(schema, Object.freeze(value), '')
    assert.deepEqual(pruned.unknownFields, ['nmae', 'items[0].kee'])
    assert.deepEqual(pruned.value, {
      name: 'a',
      items: [{ key: 'x' }],
      labels: { any: '1' },
      free: { x: { y: 1 } },
    })
  })
  it('knows no field of the prototype', () => {
    const { value, unknownFields } = pruneUnknown(
      schema,
      parseJson('{"__proto__":{"x":1},"constructor":2}'),
      '',
    )
    assert.deepEqual(unknownFields, ['__proto__', 'constructor'])
    assert.deepEqual(value, {})
  })
})
