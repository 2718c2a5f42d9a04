import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '../../object.ts'
import type { Schema } from '../../schema.ts'
import { rulesOf } from '../rules.ts'
import { compileExpression } from './compile.ts'
import { CompileFault, CostFault } from './fault.ts'
import { ruleCostMax } from './limits.ts'
import { typeOfSchema } from './types.ts'
import { valueOf } from './values.ts'

const schema: Schema = {
  type: 'object',
  properties: {
    a: { type: 'integer' },
    s: { type: 'string' },
    l: { type: 'array', items: { type: 'integer' } },
    m: { type: 'object', additionalProperties: { type: 'string' } },
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    'dash-ed': { type: 'string' },
    in: { type: 'integer' },
  },
}
const type = typeOfSchema(schema)!
const self = {
  a: 3,
  s: 'shop.example',
  l: [1, 2, 3],
  m: { x: 'y' },
  set: ['a', 'b'],
  'dash-ed': 'd',
  in: 7,
}

function evaluate(text: string, json: unknown = self): unknown {
  const meter = { spent: 0, max: ruleCostMax }
  const { run } = compileExpression(text, [['self', type]])
  return run({ meter, values: [valueOf(json, type, meter)] })
}

const holds = [
  'self.a == 3 && self.a != 4 && -self.a == -3',
  '1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 / 2 == 3 && 7 % 2 == 1',
  '1.5 + 1.5 == 3.0 && 2u + 3u == 5u && 0x10 == 16',
  '9223372036854775807 > 9007199254740993',
  'true ? self.a > 2 : false',
  "self.s.startsWith('shop') && self.s.endsWith('example') && self.s.contains('.')",
  "self.s.matches('^[a-z.]+$') && 'a1b22'.find('[0-9]+') == '1' && 'a1b22'.findAll('[0-9]+') == ['1', '22']",
  "'a,b,c'.split(',') == ['a', 'b', 'c'] && ['a', 'b'].join('-') == 'a-b'",
  "'Ab'.lowerAscii() == 'ab' && 'hello'.replace('l', 'L') == 'heLLo' && 'hello'.substring(1, 3) == 'el'",
  "size('üü') == 2 && 'ü'.size() == 1 && size(self.l) == 3",
  'self.l.all(x, x > 0) && self.l.exists(x, x == 2) && self.l.exists_one(x, x > 2)',
  'self.l.map(x, x * 2) == [2, 4, 6] && self.l.filter(x, x > 1) == [2, 3] && self.l.map(x, x > 1, x) == [2, 3]',
  'self.l.all(i, x, x == i + 1)',
  'self.l.sum() == 6 && self.l.isSorted() && self.l.max() == 3 && self.l.indexOf(2) == 1',
  "2 in self.l && 'x' in self.m && !('z' in self.m) && self.m.x == 'y' && self.m['x'] == 'y'",
  "self.set == ['b', 'a']",
  'has(self.a) && !has(self.m.z)',
  "self.m.?z.orValue('none') == 'none' && self.m[?'x'].value() == 'y' && optional.of(1).hasValue()",
  'self.dash__dash__ed == "d" && self.__in__ == 7',
  "duration('90m') > duration('1h') && timestamp('2026-11-21T08:00:00Z').getFullYear() == 2026",
  "quantity('1Gi').isGreaterThan(quantity('900Mi')) && quantity('1500m').asApproximateFloat() == 1.5",
  "quantity('2k').asInteger() == 2000 && quantity('1').add(quantity('1')) == quantity('2') && !isQuantity('x')",
  "ip('::1').isLoopback() && ip('10.0.0.1').family() == 4 && isIP('fe80::1') && !isIP('1.2.3')",
  "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
  "ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')",
  "isURL('https://a.io/x?y=1') && url('https://a.io:8080/x').getPort() == '8080'",
  "format.dns1123Label().validate('good') == optional.none()",
  'sets.contains([1, 2, 3], [2]) && math.greatest(1, 5, 3) == 5',
  '1 / 0 == 1 || true',
  'cel.bind(x, self.a * 2, x == 6)',
  "'\\u00fc' == 'ü' && r'\\d' == '\\\\d' && \"a\" + 'b' == '''ab'''",
]

const refused: [string, RegExp][] = [
  ['self.nope', /undefined field 'nope'/],
  ['nope(1)', /undeclared reference to 'nope'/],
  ['nope', /undeclared reference to 'nope'/],
  ["self.a == 'x'", /no matching overload for '_==_' applied to '\(int, string\)'/],
  ["self.a + 'x'", /no matching overload for '_\+_'/],
  ['self.a.all(x, true)', /cannot be range/],
  ['constructor(1)', /undeclared reference/],
  ['self.constructor', /undefined field/],
  ['self.l.toString()', /undeclared reference/],
  ['self.l.constructor(x, x)', /undeclared reference/],
  ['self.a >', /mismatched input '<EOF>'/],
  ['((((', /mismatched input/],
  ["'unclosed", /token recognition error/],
  ['self.a # 1', /token recognition error/],
  ['99999999999999999999', /invalid int literal/],
  [`${'('.repeat(2_000)}1${')'.repeat(2_000)}`, /recursion limit/],
  [`${'!'.repeat(2_000)}true`, /recursion limit/],
  [`'${'a'.repeat(20_000)}'`, /longer than/],
]

describe('an expression of CEL', () => {
  for (const text of holds) it(text, () => assert.equal(evaluate(text), true))
  for (const [text, message] of refused)
    it(`is refused: ${text.slice(0, 40)}`, () =>
      assert.throws(
        () => evaluate(text),
        (thrown) => thrown instanceof CompileFault && message.test(thrown.message),
      ))
  it('has no answer for what cannot be', () => {
    for (const [text, message] of [
      ['1 / 0 == 1', /division by zero/],
      ['9223372036854775807 + 1 > 0', /integer overflow/],
      ['self.l[9] == 1', /index out of bounds: 9/],
      ["self.m['z'] == ''", /no such key: z/],
      ["self.s.matches('((')", /missing closing/],
      ["timestamp('x') == timestamp('x')", /invalid timestamp/],
    ] as const)
      assert.throws(() => evaluate(text), { message })
  })
})

describe('the cost of an expression', () => {
  const long = {
    ...self,
    l: Array.from({ length: 2_000 }, (_, index) => index),
    s: 'a'.repeat(100_000),
  }
  for (const text of [
    'self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))',
    // What is absorbed is paid for, and the end of the budget is not absorbed.
    'self.l.exists(a, self.l.exists(b, a / 0 == b)) || true',
    'self.l.map(a, self.l.map(b, a + b)).size() > 0',
    "self.l.all(a, self.s.matches('^(a|aa)+$'))",
    "self.l.all(a, (self.s + self.s).contains('z') || true)",
    "self.s.replace('a', 'aaaaaaaaaaaaaaaa').replace('a', 'aaaaaaaaaaaaaaaa').size() > 0",
    'self.l.all(a, self.l == self.l + [a] || true)',
  ])
    it(`ends ${text}`, () => assert.throws(() => evaluate(text, long), CostFault))
})

describe('rules of an object', () => {
  const rules = rulesOf({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          name: {
            type: 'string',
            'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'immutable' }],
          },
          size: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 3' }] },
        },
      },
    },
  })!
  const object = (spec: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'K',
    metadata: { name: 'a' },
    spec,
  })
  const told = (now: object, before?: object): string[] =>
    rules(object(now), before && object(before)).map(({ path, message }) => `${path}: ${message}`)

  it('on a change are asked only of a change', () => {
    assert.deepEqual(told({ name: 'a' }), [])
    assert.deepEqual(told({ name: 'a' }, { name: 'a' }), [])
    assert.deepEqual(told({ name: 'b' }, { name: 'a' }), ['spec.name: immutable'])
  })
  it('let be what was wrong before and did not change', () => {
    assert.deepEqual(told({ size: 1 }), ['spec.size: failed rule: self > 3'])
    assert.deepEqual(told({ size: 1, name: 'x' }, { size: 1 }), [])
    assert.deepEqual(told({ size: 2 }, { size: 1 }), ['spec.size: failed rule: self > 3'])
  })
})
