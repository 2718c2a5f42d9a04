import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { scanJson } from './scan-json.ts'

describe('scanJson', () => {
  // What Go's encoding/json says, as kube-apiserver passes it on.
  const wrong: readonly (readonly [string, string])[] = [
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['hello', "invalid character 'h' looking for beginning of value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['tru', 'unexpected end of JSON input'],
    ['trux', "invalid character 'x' in literal true (expecting 'e')"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['"\u0001"', String.raw`invalid character '\x01' in string literal`],
    [String.raw`"\x"`, "invalid character 'x' in string escape code"],
    [String.raw`"\u12g4"`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
    ['['.repeat(20_000), "invalid character '[' exceeded max depth"],
  ]
  for (const [text, problem] of wrong)
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.deepEqual(scanJson(text), { ok: false, problem })
    })

  it('finds keys that stand twice, wherever and however they are written', () => {
    const text = String.raw`{"a":{"b":1,"\u0062":2},"c":[{"d":1},{"d":1,"d":2}],"a":"\"e\":"}`
    assert.deepEqual(scanJson(text), { ok: true, duplicates: ['a.b', 'c[1].d', 'a'] })
  })

  it('agrees with JSON.parse about what is JSON', () => {
    const random = seededRandom(5)
    const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '1', '-', '.5', 'e3', 'true', 'nul', ' ']
    for (let round = 0; round < 5000; round += 1) {
      const length = 1 + Math.floor(random.next() * 8)
      const text = Array.from(
        { length },
        () => pieces[Math.floor(random.next() * pieces.length)],
      ).join('')
      assert.equal(scanJson(text).ok, isJson(text), text)
    }
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
