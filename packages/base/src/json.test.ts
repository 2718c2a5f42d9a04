import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  canonicalJson,
  cloneJson,
  equalJson,
  isPlainObject,
  isRawNumber,
  jsonDepth,
  parseJson,
  setKey,
  hasLongDigits,
} from './json.ts'

describe('parseJson', () => {
  it('keeps integers that a double would round', () => {
    for (let before = 0; before < 40; before += 1) {
      const text = `"${'x'.repeat(before)}`
      assert.equal(hasLongDigits(`${text}${'9'.repeat(15)}x${'1'.repeat(15)}"`), false)
      assert.equal(hasLongDigits(`${text}${'9'.repeat(16)}"`), true)
      assert.equal(hasLongDigits(`${text}${'9'.repeat(16)}`), true)
    }
    for (const text of ['9007199254740993', '-9223372036854775808', '18446744073709551615'])
      assert.equal(JSON.stringify(parseJson(`{"n":${text}}`)), `{"n":${text}}`)
  })
  it('leaves numbers alone that a double holds', () => {
    const text = '{"a":1,"b":9007199254740991,"c":1.5,"d":"9007199254740993"}'
    assert.deepEqual(parseJson(text), { a: 1, b: 2 ** 53 - 1, c: 1.5, d: '9007199254740993' })
    assert.equal(parseJson('12345678901234567890.5'), Number('12345678901234567890.5'))
  })
  it('takes __proto__ as a key', () => {
    const value = parseJson('{"__proto__":{"a":9007199254740993}}')
    assert.ok(isPlainObject(value))
    assert.deepEqual(Object.keys(value), ['__proto__'])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
  })
  it('refuses what is not JSON', () => {
    for (const text of ['', '{', '{a:1}', "{'a':1}", '[1,]', 'NaN', '1 2', '\u0000'])
      assert.throws(() => parseJson(text), SyntaxError, text)
  })
  it('survives a million brackets', () => {
    assert.throws(() => parseJson('['.repeat(1_000_000)), SyntaxError)
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    assert.equal(jsonDepth(parseJson(deep), 100), 101)
  })
})

describe('cloneJson', () => {
  it('shares nothing', () => {
    const original = { list: [{ a: 1 }], map: { b: null } }
    const copy = cloneJson(original)
    assert.deepEqual(copy, original)
    copy.list[0]!.a = 2
    assert.equal(original.list[0]!.a, 1)
  })
  it('keeps raw numbers and odd keys', () => {
    const text = '{"__proto__":1,"constructor":{"n":9007199254740993}}'
    assert.equal(JSON.stringify(cloneJson(parseJson(text))), text)
  })
})

describe('equalJson', () => {
  it('does not mind the order of keys, and takes undefined as absent', () => {
    assert.ok(equalJson({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1, d: undefined }))
  })
  it('tells apart', () => {
    const pairs: [unknown, unknown][] = [
      [{ a: 1 }, { a: 2 }],
      [{ a: 1 }, { b: 1 }],
      [
        [1, 2],
        [2, 1],
      ],
      [[1], [1, 2]],
      [{}, []],
      [null, {}],
      ['1', 1],
      [{ toString: 1 }, {}],
      [parseJson('9007199254740993'), parseJson('9007199254740995')],
      [parseJson('9007199254740993'), 9007199254740992],
    ]
    for (const [left, right] of pairs) {
      assert.ok(!equalJson(left, right), JSON.stringify([left, right]))
      assert.ok(!equalJson(right, left), JSON.stringify([right, left]))
    }
  })
  it('compares raw numbers by their digits', () => {
    assert.ok(equalJson(parseJson('[9007199254740993]'), parseJson('[9007199254740993]')))
  })
})

describe('canonicalJson', () => {
  it('is the same text for equal values', () => {
    const text = '{"a":[null,true,"\\u20ac"],"b":{"x":1,"y":9007199254740993}}'
    const mixed = parseJson('{"b":{"y":9007199254740993,"x":1},"a":[null,true,"€"]}')
    assert.equal(canonicalJson(mixed), text.replace('\\u20ac', '€'))
  })
  it('sorts by UTF-16 code units and leaves out what is undefined', () => {
    assert.equal(
      canonicalJson({ '\ufb33': 1, '😀': 2, A: undefined, a: 3 }),
      '{"a":3,"😀":2,"\ufb33":1}',
    )
    assert.equal(canonicalJson([undefined]), '[null]')
  })
})

describe('jsonDepth', () => {
  it('counts, and stops counting past the limit', () => {
    assert.equal(jsonDepth('x', 10), 0)
    assert.equal(jsonDepth({}, 10), 1)
    assert.equal(jsonDepth({ a: [{ b: 1 }] }, 10), 3)
    assert.equal(jsonDepth({ a: [{ b: 1 }] }, 2), 3)
  })
  it('sees a raw number as a leaf', () => {
    const value = parseJson('[9007199254740993]')
    assert.ok(Array.isArray(value) && isRawNumber(value[0]))
    assert.equal(jsonDepth(value, 10), 1)
  })
})

describe('setKey', () => {
  it('never changes the prototype', () => {
    const target = {}
    setKey(target, '__proto__', { polluted: true })
    assert.equal(Object.getPrototypeOf(target), Object.prototype)
    assert.equal(JSON.stringify(target), '{"__proto__":{"polluted":true}}')
  })
})
