import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJson } from '@skerry/base/json'
import { configMapKind } from './kinds/core.ts'
import { siteKind } from './kinds/site.ts'
import { applyJsonPatch } from './patch-json.ts'
import { applyMergePatch } from './patch-merge.ts'
import { applyStrategicPatch } from './patch-strategic.ts'
import { type StatusReason, isApiError } from './status.ts'

/** Freezes all of a value, so that a patch that writes to its arguments is found out. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen)
    Object.freeze(value)
  }
  return value
}

const misfit = /^the server rejected our request due to an error in our request$/

const rejects = (action: () => unknown, reason: StatusReason, message: RegExp): void =>
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

  it('refuses what is no patch', () => {
    const undecodable = (patch: unknown, message: RegExp) =>
      rejects(() => applyJsonPatch({}, patch), 'BadRequest', message)
    undecodable({}, /^error decoding patch: json: cannot unmarshal object into Go value of type/)
    undecodable([1], /cannot unmarshal number into Go value of type handlers\.jsonPatchOp$/)
    undecodable([{ op: 1 }], /number into Go struct field jsonPatchOp\.op of type string$/)
    rejects(
      () => applyJsonPatch({}, Array(10_001).fill({})),
      'RequestEntityTooLarge',
      /maximum operations in a JSON patch is 10000, got 10001$/,
    )
  })

  it('replaces a member that is not there, and adds null where no value is given', () => {
    const patch = [
      { op: 'replace', path: '/b', value: 2 },
      { op: 'add', path: '/c' },
      { op: 'test', path: '/d', value: null },
    ]
    assert.deepEqual(applyJsonPatch({ a: 1 }, patch), { a: 1, b: 2, c: null })
  })

  it('reads an index as Kubernetes does: from the end below 0, and with zeros in front', () => {
    const list = ['a', 'b']
    const patched = (op: string, index: string): unknown =>
      (applyJsonPatch({ list }, [{ op, path: `/list/${index}`, value: 'x' }]) as { list: unknown })
        .list
    assert.deepEqual(patched('remove', '-1'), ['a'])
    assert.deepEqual(patched('remove', '-2'), ['b'])
    assert.deepEqual(patched('remove', '-0'), ['b'])
    assert.deepEqual(patched('remove', '+1'), ['a'])
    assert.deepEqual(patched('replace', '01'), ['a', 'x'])
    assert.deepEqual(patched('add', '-1'), ['a', 'b', 'x'])
    assert.deepEqual(patched('add', '-3'), ['x', 'a', 'b'])
    assert.deepEqual(patched('add', '02'), ['a', 'b', 'x'])
  })

  it('refuses what does not fit', () => {
    const misfits: object[] = [
      { op: 'zap', path: '/a' },
      { path: '/a', value: 1 },
      { op: 'add', path: 'a', value: 1 },
      { op: 'add', path: '', value: 1 },
      { op: 'remove', path: '/a'.repeat(101) },
      { op: 'remove', path: '/none' },
      { op: 'replace', path: '/list/7', value: 1 },
      { op: 'replace', path: '/none/x', value: 1 },
      { op: 'add', path: '/list/5', value: 1 },
      { op: 'add', path: '/list/-3', value: 1 },
      { op: 'remove', path: '/list/-2' },
      { op: 'replace', path: '/list/1.0', value: 1 },
      { op: 'add', path: '/none/deeper', value: 1 },
      { op: 'test', path: '/a', value: 2 },
      { op: 'copy', from: '/none', path: '/b' },
      { op: 'copy', path: '/b' },
      { op: 'move', path: '/b' },
      { op: 'move', from: '/map', path: '/map/inside' },
      { op: 'remove', path: '' },
      { op: 'remove', path: '/constructor' },
    ]
    const document = frozen({ a: 1, list: [1], map: {} })
    for (const operation of misfits)
      rejects(() => applyJsonPatch(document, [operation]), 'Invalid', misfit)
  })

  it('does not grow without end by copying copies', () => {
    const large = { text: 'x'.repeat(100_000) }
    const wide = Array.from({ length: 40 }, (_, n) => ({ op: 'copy', from: '', path: `/k${n}` }))
    rejects(() => applyJsonPatch(large, wide), 'Invalid', misfit)
    const deep = Array.from({ length: 200 }, () => ({ op: 'copy', from: '', path: '/a' }))
    rejects(() => applyJsonPatch({}, deep), 'Invalid', misfit)
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
      misfit,
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
  const apply = (patch: Record<string, unknown>): typeof before =>
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
    // As a kube-apiserver answers: what the patch names keeps the patch's order, the rest its place before it.
    assert.deepEqual(ownerReferences, [
      owner('u1', 'renamed'),
      owner('u3', 'third'),
      owner('u2', 'second'),
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
        '$setElementOrder/finalizers': ['x/three', 'x/two'],
        '$deleteFromPrimitiveList/finalizers': ['x/one'],
        finalizers: ['x/three'],
      },
    }).metadata
    assert.deepEqual(finalizers, ['x/three', 'x/two'])
    const added = apply({ metadata: { finalizers: ['x/three', 'x/two'] } }).metadata
    assert.deepEqual(added.finalizers, ['x/three', 'x/one', 'x/two'])
  })
  it('puts lists in the order that $setElementOrder says', () => {
    const turned = { '$setElementOrder/ownerReferences': [{ uid: 'u2' }, { uid: 'u1' }] }
    assert.deepEqual(
      apply({ metadata: turned }).metadata.ownerReferences.map(({ uid }) => uid),
      ['u2', 'u1'],
    )
    const replaced = {
      '$setElementOrder/ownerReferences': [{ uid: 'u3' }, { uid: 'u1' }],
      ownerReferences: [owner('u3', 'third'), { $patch: 'delete', uid: 'u2' }],
    }
    assert.deepEqual(apply({ metadata: replaced }).metadata.ownerReferences, [
      owner('u3', 'third'),
      owner('u1', 'first'),
    ])
    const unordered = { '$setElementOrder/finalizers': ['x/two'], finalizers: ['x/two', 'x/nine'] }
    rejects(
      () => apply({ metadata: unordered }),
      'Unknown',
      /^The order in patch list:\n\[x\/two x\/nine\]\n doesn't match \$setElementOrder list:\n\[x\/two\]\n$/,
    )
  })
  it('merges long lists in a moment', () => {
    const references = Array.from({ length: 20_000 }, (_, n) => owner(`u${n}`, 'x'))
    const patch = { metadata: { ownerReferences: references.toReversed() } }
    const result = applyStrategicPatch(
      configMapKind,
      { metadata: { ownerReferences: references } },
      patch,
    )
    assert.deepEqual(result, patch)
  })
  it('keeps the named keys only with $retainKeys', () => {
    assert.deepEqual(apply({ metadata: { $retainKeys: ['labels'] } }).metadata, {
      labels: before.metadata.labels,
    })
  })
  it('refuses directives and items that are none', () => {
    const fails = (patch: Record<string, unknown>, reason: StatusReason, message: RegExp) =>
      rejects(() => apply(patch), reason, message)
    fails(
      { data: { $patch: 'zap' } },
      'Unknown',
      /^unknown patch type: zap in map: map\[\$patch:zap\]$/,
    )
    fails({ metadata: { $retainKeys: 1 } }, 'BadRequest', /^invalid patch format of retainKeys$/)
    const unlisted = { $retainKeys: ['labels'], annotations: { x: 'y' } }
    fails({ metadata: unlisted }, 'BadRequest', /^invalid patch format of retainKeys$/)
    const references = (...ownerReferences: unknown[]) => ({ metadata: { ownerReferences } })
    fails(references(1), 'Unknown', /^expected a map/)
    fails(
      references({ name: 'x' }),
      'Unknown',
      /^map: map\[name:x\] does not contain declared merge key: uid$/,
    )
    fails(
      references({ $patch: 'merge', uid: 'u1' }),
      'Unknown',
      /^merging lists cannot yet be specified in the patch$/,
    )
    fails({ metadata: { '$setElementOrder/finalizers': 1 } }, 'Unknown', /received a int64$/)
  })
  it('replaces lists that have no key', () => {
    const site = { spec: {}, status: { failed: [{ layer: 'a' }] } }
    const patch = { status: { failed: [{ layer: 'b' }] } }
    assert.deepEqual(applyStrategicPatch(siteKind, site, patch), { spec: {}, ...patch })
  })
})
