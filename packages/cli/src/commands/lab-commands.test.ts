import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandError } from '../exit-code.ts'
import { parsePortForward } from './lab-commands.ts'

test('a forwarded port is two ports, or one for both', () => {
  assert.deepEqual(parsePortForward('8080:80'), { hostPort: 8080, guestPort: 80 })
  assert.deepEqual(parsePortForward('22'), { hostPort: 22, guestPort: 22 })
})

test('what is no port is refused with an example', () => {
  for (const text of ['', ':', '0:80', '80:0', '70000:1', '80:80:80', 'a:b', '80:', '-1:5'])
    assert.throws(
      () => parsePortForward(text),
      (error) => error instanceof CommandError && /such as 8080:80/.test(error.message),
      text,
    )
})
