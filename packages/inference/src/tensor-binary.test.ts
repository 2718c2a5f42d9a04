import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tensorFromBinary, tensorToBinary } from './tensor-binary.ts'

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'))

test('texts go there and back', () => {
  const data = ['', 'a', 'Grüße', '日本']
  const bytes = Uint8Array.from(tensorToBinary({ name: 'x', datatype: 'BYTES', shape: [4], data }))
  assert.deepEqual(tensorFromBinary('x', 'BYTES', [4], bytes), { ok: true, data })
})

test('numbers that lie unaligned are read all the same', () => {
  const all = bytesOf('ff0000803f00000040')
  const read = tensorFromBinary('x', 'FP32', [2], all.subarray(1))
  assert.deepEqual(read, { ok: true, data: Float32Array.of(1, 2) })
})

test('what is wrong in binary data is said', () => {
  const messageOf = (datatype: 'BYTES' | 'BOOL', shape: number[], hex: string) => {
    const read = tensorFromBinary('input "x"', datatype, shape, bytesOf(hex))
    return read.ok ? 'ok' : read.message
  }
  assert.equal(messageOf('BYTES', [1], '0100000041'), 'ok')
  assert.match(messageOf('BYTES', [1], '0200000041'), /element 0 reaches past the end/)
  assert.match(messageOf('BYTES', [1], 'ffffffff41'), /element 0 reaches past the end/)
  assert.match(messageOf('BYTES', [2], '0100000041'), /5 bytes are too few for 2/)
  assert.match(messageOf('BYTES', [2], '040000004142434400'), /element 1 reaches past|too few/)
  assert.match(messageOf('BYTES', [1], '010000004142'), /1 bytes are left/)
  assert.match(messageOf('BYTES', [1], '01000000ff'), /must be UTF-8/)
  assert.match(messageOf('BYTES', [1], '0100000000'), /without zero bytes/)
  assert.match(messageOf('BYTES', [2 ** 40], '0100000041'), /too few/)
  assert.match(messageOf('BOOL', [2], '0002'), /byte 1 is 2/)
})
