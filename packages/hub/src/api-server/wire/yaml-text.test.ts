import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatYaml, parseYaml } from './yaml-text.ts'

/** Each as kube-apiserver 1.36 reads it. */
const words: readonly (readonly [word: string, json: string])[] = [
  ['y', 'true'],
  ['Yes', 'true'],
  ['on', 'true'],
  ['TRUE', 'true'],
  ['n', 'false'],
  ['No', 'false'],
  ['off', 'false'],
  ['yEs', '"yEs"'],
  ['"yes"', '"yes"'],
  ['!!str yes', '"yes"'],
  ['~', 'null'],
  ['', 'null'],
  ['0644', '420'],
  ['0o644', '420'],
  ['-010', '-8'],
  ['08', '8'],
  ['0x1F', '31'],
  ['0b101', '5'],
  ['0', '0'],
  ['+5', '5'],
  ['1_000', '1000'],
  ['1e3', '1000'],
  ['.5', '0.5'],
  ['-.5', '-0.5'],
  ['5.', '5'],
  ['9007199254740993', '9007199254740993'],
  ['12:30:45', '"12:30:45"'],
  ['2001-01-01', '"2001-01-01"'],
  ['1.2.3', '"1.2.3"'],
  ['10Mi', '"10Mi"'],
  ['-', '[null]'],
  ['1e999', '"1e999"'],
  ['=', '"="'],
]

describe('YAML as Kubernetes reads it', () => {
  for (const [word, json] of words)
    it(`reads ${word === '' ? 'nothing' : word}`, () =>
      assert.equal(JSON.stringify(parseYaml(`a:\n  ${word}\n`)), `{"a":${json}}`))

  it('reads words that are keys', () =>
    assert.deepEqual(parseYaml('{yes: 1, 010: 2}'), { true: 1, 8: 2 }))

  for (const [word, name] of [
    ['.inf', '+Inf'],
    ['-.INF', '-Inf'],
    ['.nan', 'NaN'],
  ] as const)
    it(`refuses ${word}`, () =>
      assert.throws(() => parseYaml(`a: ${word}`), {
        message: new RegExp(`json: unsupported value: ${name.replace('+', '\\+')}`),
      }))

  it('refuses a bomb of aliases', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
      ['d', 'e'],
    ] as const)
      lines.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`)
    assert.throws(() => parseYaml(lines.join('\n')), /alias/)
  })

  it('keeps a key that is called __proto__', () =>
    assert.deepEqual(Object.keys(parseYaml('{__proto__: {a: 1}}') as object), ['__proto__']))

  it('writes text so that it is read as text again', () => {
    const texts = words.map(([word]) => word)
    assert.deepEqual(parseYaml(formatYaml({ texts })), { texts })
  })
})
