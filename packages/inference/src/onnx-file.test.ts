import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attribute, identityModel, message, tensor, writeOnnx } from './testing/onnx-fixture.ts'
import { readOnnx } from './onnx-file.ts'

const value = { name: 'x', type: 1, shape: ['n'] }
const result = { name: 'y', type: 1, shape: ['n'] }

const outlineOf = (bytes: Uint8Array) => {
  const reading = readOnnx(bytes)
  assert.ok(reading.ok, reading.ok ? '' : reading.message)
  return reading.file
}
const messageOf = (bytes: Uint8Array) => {
  const reading = readOnnx(bytes)
  assert.ok(!reading.ok, 'the bytes were taken for a model')
  return reading.message
}

test('inputs and outputs are read; weights among the inputs are none', () => {
  const weight = tensor(5, { name: 'w', type: 1, dims: [1], data: new Uint8Array(4) })
  const bytes = writeOnnx({
    inputs: [value, { name: 'w', type: 1, shape: [1] }],
    outputs: [{ name: 'y', type: 1 }],
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    weights: [weight],
  })
  assert.deepEqual(outlineOf(bytes), {
    inputs: [{ name: 'x', kind: 'tensor', elementType: 1, hasShape: true }],
    outputs: [{ name: 'y', kind: 'tensor', elementType: 1, hasShape: false }],
    external: [],
  })
})

test('what is not a model is quoted by its first bytes', () => {
  const quoted = (bytes: Uint8Array) => messageOf(bytes)
  assert.equal(quoted(new Uint8Array(0)), 'is not an ONNX model: it is empty')
  assert.equal(
    quoted(Buffer.from('digit,images,right\n0,980,970\n')),
    'is not an ONNX model: its first bytes are "digit,images,right\\n0,980"',
  )
  assert.equal(
    quoted(Buffer.from('504b0304140000000800', 'hex')),
    'is not an ONNX model: its first bytes are 50 4b 03 04 14 00 00 00 08 00',
  )
  assert.match(quoted(Buffer.from('{"a":1}')), /is not an ONNX model/)
})

test('a file that was cut anywhere is never taken for a whole one, and never throws', () => {
  const bytes = identityModel(1)
  for (let length = 0; length < bytes.length; length += 1) {
    const reading = readOnnx(bytes.subarray(0, length))
    /** Cut between two fields it may still be a model without its opset. */
    if (reading.ok) assert.ok(length > 40, `${length} of ${bytes.length} bytes`)
  }
  assert.match(
    messageOf(bytes.subarray(0, bytes.length - 20)),
    /is not a whole ONNX model: at byte/,
  )
})

test('any one byte changed is read without a throw', () => {
  const bytes = identityModel(1)
  for (let at = 0; at < bytes.length; at += 1)
    for (const change of [0xff, 0x80, 0x01]) {
      const broken = bytes.slice()
      broken[at] = broken[at]! ^ change
      readOnnx(broken)
    }
})

test('weights in other files are found, also within the branches of an If', () => {
  const external = { name: 'w', type: 1, dims: [2], location: '../../etc/passwd' }
  const top = writeOnnx({
    inputs: [value],
    outputs: [result],
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    weights: [tensor(5, external)],
  })
  assert.deepEqual(outlineOf(top).external, [{ tensor: 'w', location: '../../etc/passwd' }])
  const branch = message(6, [tensor(5, external)])
  const nested = writeOnnx({
    inputs: [value],
    outputs: [result],
    nodes: [
      {
        op: 'If',
        inputs: ['x'],
        outputs: ['y'],
        attributes: [attribute('then_branch', [branch])],
      },
    ],
  })
  assert.deepEqual(outlineOf(nested).external, [{ tensor: 'w', location: '../../etc/passwd' }])
  const constant = writeOnnx({
    inputs: [value],
    outputs: [result],
    nodes: [
      {
        op: 'Constant',
        inputs: [],
        outputs: ['y'],
        attributes: [attribute('value', [tensor(5, external)])],
      },
    ],
  })
  assert.equal(outlineOf(constant).external.length, 1)
})

test('graphs that nest without end are refused', () => {
  let inner = message(6, [])
  for (let depth = 0; depth < 200; depth += 1) {
    const node = message(1, [attribute('body', [inner])])
    inner = message(6, [node])
  }
  const bytes = writeOnnx({
    inputs: [value],
    outputs: [result],
    nodes: [
      { op: 'Loop', inputs: ['x'], outputs: ['y'], attributes: [attribute('body', [inner])] },
    ],
  })
  assert.match(messageOf(bytes), /nests graphs deeper than 32/)
})
