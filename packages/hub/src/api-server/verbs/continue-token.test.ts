import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isApiError } from '@skerry/api/status'
import { decodeContinue, encodeContinue } from './continue-token.ts'

const forged = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

describe('a continue token', () => {
  it('comes back as it was', () => {
    for (const after of [{ name: 'a' }, { namespace: 'ns', name: 'a.b' }])
      for (const remaining of [undefined, 0, 12])
        assert.deepEqual(decodeContinue(encodeContinue({ version: 7, after, remaining })), {
          version: 7,
          after,
          remaining,
        })
    assert.equal(
      decodeContinue(encodeContinue({ version: -1, after: { name: 'a' }, remaining: 1 })).version,
      -1,
    )
  })
  it('that is forged is refused in the words of Kubernetes', () => {
    const good = { v: 'meta.k8s.io/v1', rv: 5, start: 'ns/a\u0000' }
    const bad: [string, RegExp][] = [
      ['!!', /illegal base64 data at input byte 0$/],
      ['abc', /it holds no object$/],
      [forged('"x"'), /it holds no object$/],
      [forged('[]'), /it holds no object$/],
      [forged('null'), /it holds no object$/],
      [forged({ ...good, v: 'meta.k8s.io/v2' }), /does not recognize this encoded version meta/],
      [forged({ ...good, rv: 0 }), /incorrect encoded start resourceVersion \(version meta/],
      [forged({ ...good, rv: -2 }), /incorrect encoded start/],
      [forged({ ...good, rv: '5' }), /incorrect encoded start/],
      [forged({ ...good, rv: 1e300 }), /incorrect encoded start/],
      [forged({ ...good, start: '' }), /encoded start key empty \(version meta/],
      [forged({ ...good, start: {} }), /encoded start key empty/],
      [forged({ ...good, start: '../x' }), /continue key is not valid: \.\.\/x$/],
      [forged({ ...good, start: 'a/b/c' }), /not valid: a\/b\/c$/],
      [forged({ ...good, start: 'a' }), /not valid: a$/],
      [forged({ ...good, start: 'a\u0000/b' }), /not valid: a/],
      [forged({ __proto__: good }), /does not recognize this encoded version undefined/],
      ['A'.repeat(3_000), /longer than 2048/],
    ]
    for (const [token, pattern] of bad)
      assert.throws(
        () => decodeContinue(token),
        (thrown) =>
          isApiError(thrown, 'BadRequest') &&
          thrown.message.startsWith('invalid continue token: continue key is not valid: ') &&
          pattern.test(thrown.message),
        token.slice(0, 80),
      )
    assert.equal(decodeContinue(forged({ ...good, n: -5 })).remaining, undefined)
  })
})
