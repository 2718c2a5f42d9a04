import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLineSplitter, formatLine } from './console-lines.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

test('lines come out whole, whatever the pieces are', () => {
  const text =
    'BdsDxe: starting\r\n\u001B[0m\u001B[30;47mWelcome\u001B[1;1H\r\nskerry: ready\n@@tail'
  const whole = createLineSplitter()
  const expected = whole.push(bytes(text))
  assert.deepEqual(expected, ['BdsDxe: starting', 'Welcome', 'skerry: ready'])
  assert.equal(whole.unfinished, '@@tail')
  for (let size = 1; size < 12; size++) {
    const splitter = createLineSplitter()
    const lines: string[] = []
    for (let at = 0; at < text.length; at += size)
      lines.push(...splitter.push(bytes(text.slice(at, at + size))))
    assert.deepEqual(
      lines.filter((line) => line !== ''),
      expected,
      `pieces of ${size}`,
    )
  }
})

test('a line that never ends is cut, and an escape that never ends does not hold the rest back', () => {
  const splitter = createLineSplitter(100)
  const lines = splitter.push(bytes('x'.repeat(1050)))
  assert.equal(lines.length, 10)
  assert.ok(lines.every((line) => line.length === 100))
  const open = createLineSplitter(100)
  assert.ok(open.push(bytes(`\u001B[${'1;'.repeat(500)}`)).length > 0)
  assert.ok(open.unfinished.length <= 100)
})

test('characters above 127 and zero bytes do no harm', () => {
  assert.deepEqual(createLineSplitter().push(Buffer.from([0xff, 0, 0xe4, 10])), ['ÿä'])
})

test('a line is shown with the seconds since power-on', () => {
  assert.equal(formatLine({ seconds: 7.256, text: 'on' }), '[    7.26] on')
})
