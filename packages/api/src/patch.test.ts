import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJson } from '@skerry/base/json'
import { configMapKind } from './kinds/core.ts'
import { siteKind } from './kinds/site.ts'
import { applyJsonPatch } from './patch-json.ts'
import { applyMergePatch } from './patch-merge.ts'
import { applyStrategicPatch } from './patch-strategic.ts'
import { isApiError } from './status.ts'

/** Freezes all of a value, so that a patch that writes to its arguments is found out. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen)
    Object.freeze(value)
  }
  return value
}

const rejects = (action: () => unknown, reason: 'BadRequest' | 'Invalid', message: RegExp): void =>
  assert.throws(action, (thrown) => {
    assert.ok(isApiError(thrown, reason), String(thrown))
    assert.match(thrown.message, message)
    return true
  })

describe('JSON patch', () => {
  // Cases of RFC 6902, appendix A, and what the RFC says besides.
  const cases: [string, unknown, unknown[], unknown][] = [
    [
      'adds a member',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz', value: 1 }],
      { foo: 'bar', baz: 1 },
    ],
    [
      'adds an item',
      { foo: ['a', 'c'] },
      [{ op: 'add', path: '/foo/1', value: 'b' }],
      { foo: ['a', 'b', 'c'] },
    ],
    [
      'appends',
      { foo: ['a'] },
      [{ op: 'add', path: '/foo/-', value: ['b'] }],
      { foo: ['a', ['b']] },
    ],
    ['removes', { foo: ['a', 'b'] }, [{ op: 'remove', path: '/foo/0' }], { foo: ['b'] }],
    ['replaces', { a: 1, b: 2 }, [{ op: 'replace', path: '/a', value: null }], { b: 2, a: null }],
    ['replaces all', { a: 1 }, [{ op: 'replace', path: '', value: 7 }], 7],
    [
      'moves',
      { a: { b: 1 }, c: {} },
      [{ op: 'move', from: '/a/b', path: '/c/d' }],
      { a: {}, c: { d: 1 } },
    ],
    ['moves an item', ['a', 'b', 'c'], [{ op: 'move', from: '/1', path: '/2' }], ['a', 'c', 'b']],
    [
      'copies',
      { a: [1] },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/-', value: 2 },
      ],
      { a: [1], b: [1, 2] },
    ],
    [
      'tests without order',
      { a: { x: 1, y: 2 } },
      [{ op: 'test', path: '/a', value: { y: 2, x: 1 } }],
      { a: { x: 1, y: 2 } },
    ],
    [
      'unescapes',
      { '/': 9, '~1': 10 },
      [
        { op: 'test', path: '/~01', value: 10 },
        { op: 'remove', path: '/~1' },
      ],
      { '~1': 10 },
    ],
    ['ignores what it does not know', {}, [{ op: 'add', path: '/a', value: 1, xyz: 2 }], { a: 1 }],
  ]
  for (const [title, document, patch, expected] of cases)
    it(title, () => assert.deepEqual(applyJsonPatch(frozen(document), frozen(patch)), expected))

  it('refuses what is no patch, saying which operation', () => {
    rejects(() => applyJsonPatch({}, {}), 'BadRequest', /must be a list/)
    rejects(() => applyJsonPatch({}, [1]), 'BadRequest', /operation 0/)
    rejects(() => applyJsonPatch({}, [{ op: 'zap', path: '' }]), 'BadRequest', /op must be one of/)
    rejects(() => applyJsonPatch({}, [{ op: 'add', path: '/a' }]), 'BadRequest', /needs a value/)
    rejects(
      () => applyJsonPatch({}, [{ op: 'add', path: 'a', value: 1 }]),
      'BadRequest',
      /start with a slash/,
    )
    rejects(
      () => applyJsonPatch({}, [{ op: 'add', path: '/a~2', value: 1 }]),
      'BadRequest',
      /~0 for a tilde/,
    )
    rejects(
      () => applyJsonPatch({}, [{ op: 'move', path: '/a' }]),
      'BadRequest',
      /from must be a string/,
    )
    rejects(() => applyJsonPatch({}, Array(10_001).fill(0)), 'BadRequest', /at most 10000/)
    rejects(
      () => applyJsonPatch({}, [{ op: 'remove', path: '/a'.repeat(101) }]),
      'BadRequest',
      /at most 100 parts/,
    )
  })

  it('refuses what does not fit', () => {
    const misfits: object[] = [
      { op: 'remove', path: '/none' },
      { op: 'replace', path: '/none', value: 1 },
      { op: 'add', path: '/list/5', value: 1 },
      { op: 'add', path: '/list/01', value: 1 },
      { op: 'add', path: '/none/deeper', value: 1 },
      { op: 'test', path: '/a', value: 2 },
      { op: 'copy', from: '/none', path: '/b' },
      { op: 'move', from: '/map', path: '/map/inside' },
      { op: 'remove', path: '' },
      { op: 'remove', path: '/constructor' },
    ]
    const document = frozen({ a: 1, list: [1], map: {} })
    for (const operation of misfits)
      rejects(() => applyJsonPatch(document, [operation]), 'Invalid', /does not fit this object/)
  })

  it('does not grow without end by copying copies', () => {
    const double = [
      { op: 'copy', from: '', path: '/a' },
      { op: 'copy', from: '', path: '/b' },
    ]
    const patch = Array.from({ length: 40 }, () => double).flat()
    rejects(() => applyJsonPatch({ x: 1 }, patch), 'Invalid', /copies more than|nested deeper/)
  })

  it('treats __proto__ as a key like any other', () => {
    const patch = [{ op: 'add', path: '/__proto__', value: { polluted: true } }]
    const result = applyJsonPatch({}, patch) as object
    assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":true}}')
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    assert.equal(Object.getPrototypeOf(result), Object.prototype)
    rejects(
      () => applyJsonPatch({}, [{ op: 'add', path: '/__proto__/x', value: 1 }]),
      'Invalid',
      /no such place/,
    )
  })
})

describe('merge patch', () => {
  // The table of RFC 7386, appendix A.
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [document, patch, expected] of cases)
    it(`${JSON.stringify(document)} + ${JSON.stringify(patch)}`, () =>
      assert.deepEqual(applyMergePatch(frozen(document), frozen(patch)), expected))

  it('keeps large integers and odd keys', () => {
    const patch = parseJson('{"__proto__":{"n":9007199254740993},"constructor":null}')
    const result = applyMergePatch(parseJson('{"__proto__":{"m":1}}'), patch)
    assert.equal(JSON.stringify(result), '{"__proto__":{"m":1,"n":9007199254740993}}')
  })
})

describe('strategic merge patch', () => {
  const owner = (uid: string, name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', uid, name })
  const before = frozen({
    metadata: {
      labels: { a: '1', b: '2' },
      finalizers: ['x/one', 'x/two'],
      ownerReferences: [owner('u1', 'first'), owner('u2', 'second')],
    },
    data: { a: '1' },
  })
  const apply = (patch: unknown): typeof before =>
    applyStrategicPatch(configMapKind, before, frozen(patch)) as typeof before

  it('merges maps, and null takes away', () => {
    assert.deepEqual(apply({ metadata: { labels: { a: null, c: '3' } } }).metadata.labels, {
      b: '2',
      c: '3',
    })
  })
  it('merges lists by their key, in place', () => {
    const { ownerReferences } = apply({
      metadata: { ownerReferences: [{ uid: 'u1', name: 'renamed' }, owner('u3', 'third')] },
    }).metadata
    assert.deepEqual(ownerReferences, [
      owner('u1', 'renamed'),
      owner('u2', 'second'),
      owner('u3', 'third'),
    ])
  })
  it('deletes items by $patch', () => {
    const { ownerReferences } = apply({
      metadata: { ownerReferences: [{ $patch: 'delete', uid: 'u1' }] },
    }).metadata
    assert.deepEqual(ownerReferences, [owner('u2', 'second')])
  })
  it('replaces by $patch', () => {
    assert.deepEqual(apply({ data: { $patch: 'replace', z: '9' } }).data, { z: '9' })
    const { ownerReferences } = apply({
      metadata: { ownerReferences: [{ $patch: 'replace' }, owner('u9', 'only')] },
    }).metadata
    assert.deepEqual(ownerReferences, [owner('u9', 'only')])
  })
  it('adds to and takes from lists of plain values', () => {
    const { finalizers } = apply({
      metadata: {
        $setElementOrder: 1,
        '$setElementOrder/finalizers': ['x/three'],
        '$deleteFromPrimitiveList/finalizers': ['x/one'],
        finalizers: ['x/three', 'x/two'],
      },
    }).metadata
    assert.deepEqual(finalizers, ['x/two', 'x/three'])
  })
  it('keeps the named keys only with $retainKeys', () => {
    assert.deepEqual(apply({ metadata: { $retainKeys: ['labels'] } }).metadata, {
      labels: before.metadata.labels,
    })
  })
  it('refuses directives and items that are none', () => {
    rejects(() => apply({ data: { $patch: 'zap' } }), 'BadRequest', /\$patch must be/)
    rejects(() => apply({ metadata: { $retainKeys: 1 } }), 'BadRequest', /must be a list/)
    rejects(() => apply({ metadata: { ownerReferences: [1] } }), 'BadRequest', /must be an object/)
    rejects(() => apply({ metadata: { ownerReferences: [{}] } }), 'BadRequest', /must have uid/)
    rejects(() => apply({ '$deleteFromPrimitiveList/x': 1 }), 'BadRequest', /must be a list/)
  })
  it('replaces lists that have no key', () => {
    const site = { spec: {}, status: { failed: [{ layer: 'a' }] } }
    const patch = { status: { failed: [{ layer: 'b' }] } }
    assert.deepEqual(applyStrategicPatch(siteKind, site, patch), { spec: {}, ...patch })
  })
})
