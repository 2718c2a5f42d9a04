import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allAt, parseJsonPath } from './json-path.ts'

const object = {
  spec: {
    size: 3,
    'a.b': 1,
    list: [
      { n: 'x', v: 1 },
      { n: 'y', v: 2 },
    ],
  },
  metadata: { annotations: { 'a.b/c': 'note' } },
}
const at = (text: string): unknown => {
  const parsed = parseJsonPath(text)
  return parsed.ok ? allAt(object, parsed.path) : parsed.reason
}

describe('parseJsonPath', () => {
  for (const [text, values] of [
    ['.spec.size', [3]],
    ['.spec.nope.deeper', []],
    ["['spec']['a.b']", [1]],
    ['.metadata.annotations.a\\.b/c', ['note']],
    ['.spec.list[0].n', ['x']],
    ['.spec.list[-1].n', ['y']],
    ['.spec.list[*].v', [1, 2]],
    ['.spec.list[?(@.n=="y")].v', [2]],
    ['.spec.list[?(@.v>=1)].n', ['x', 'y']],
    ['.spec.list[?(@.zz)].n', []],
    ['.constructor', []],
    ['.__proto__', []],
  ] as const)
    it(text, () => assert.deepEqual(at(text), values))
  for (const text of ['a[', '.a[?(@.b==)]', '.a[1:2]', `.${'a'.repeat(2_000)}`, '.a b'])
    it(`refuses ${text.slice(0, 20)}`, () => assert.equal(typeof at(text), 'string'))
})
