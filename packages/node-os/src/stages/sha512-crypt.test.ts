import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha512Crypt } from './sha512-crypt.ts'

describe('SHA-crypt with SHA-512', () => {
  // The first two by `openssl passwd -6`, the third of the specification.
  const known: [string, string, number | undefined, string][] = [
    [
      'kairos',
      'abcdefgh',
      undefined,
      '$6$abcdefgh$PajO0NcUUyDLVnsQuRYrsKO/BKf43NXiYtTChwVyhlUABtfwZsNRZDOEjUjW6gBboiVkvkDmIuG7Vm6e5FpLA1',
    ],
    [
      'ä'.repeat(70),
      'saltsaltsaltsalt',
      undefined,
      '$6$saltsaltsaltsalt$8PwGIusFMulqx5NbIdRy1TuwBxIEZ.lGHQoyOa6j4ES6/z3vVZXGX6VONAczRbOPWJiXVl26yUhva0cSbL6nm.',
    ],
    [
      'Hello world!',
      'saltstringsaltstring',
      10_000,
      '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
    ],
  ]
  for (const [password, salt, rounds, expected] of known)
    it(`of ${password.slice(0, 12)} with ${salt}`, () => {
      assert.equal(sha512Crypt(password, salt, rounds), expected)
    })
})
