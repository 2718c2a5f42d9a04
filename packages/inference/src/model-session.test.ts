import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import {
  type FixtureModel,
  identityModel,
  intAttribute,
  tensor,
  writeOnnx,
} from './testing/onnx-fixture.ts'
import { loadModel } from './model-session.ts'
import { tensorDatatypes } from '@skerry/api/kinds/model'

const load = (bytes: Uint8Array) => loadModel(bytes, { threads: 1, clock: systemClock })
const x = { name: 'x', type: 1, shape: ['n'] }
const y = { name: 'y', type: 1, shape: ['n'] }
const one = (model: Partial<FixtureModel>): Uint8Array =>
  writeOnnx({
    inputs: [x],
    outputs: [y],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    ...model,
  })

test('a model is loaded with its signature, tested, and answers', async () => {
  const model = await load(identityModel(1, ['n', 2]))
  assert.ok(model.ok)
  assert.deepEqual(model.signature, {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  })
  const input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) } as const
  const [output] = await model.run([input], ['y'])
  assert.deepEqual(output, { name: 'y', datatype: 'FP32', shape: [1, 2], data: input.data })
  await model.dispose()
})

test('every type of the protocol can be loaded and run', async () => {
  const numbers = [9, 2, 4, 12, 13, 3, 5, 6, 7, 10, 1, 11, 8]
  for (const [index, number] of numbers.entries()) {
    const model = await load(identityModel(number))
    assert.ok(model.ok, model.ok ? '' : `${number}: ${model.message}`)
    assert.equal(model.signature.outputs[0]!.datatype, tensorDatatypes[index])
    await model.dispose()
  }
})

const refusals: [name: string, bytes: Uint8Array, reason: string, message: RegExp][] = [
  ['bytes that are no model', Buffer.from('hello, world'), 'NotAModel', /"hello, world"/],
  [
    'an operator of nobody',
    one({ nodes: [{ op: 'Frobnicate', inputs: ['x'], outputs: ['y'] }] }),
    'UnsupportedOperator',
    /the operator "Frobnicate" of opset 17/,
  ],
  [
    'an operator of a domain that is not here',
    one({ nodes: [{ op: 'Frob', domain: 'com.acme', inputs: ['x'], outputs: ['y'] }] }),
    'UnsupportedOperator',
    /the operator "com.acme:Frob"/,
  ],
  [
    'an operator that the standard has and ONNX Runtime has not',
    writeOnnx({
      inputs: [{ name: 'x', type: 2, shape: ['n'] }],
      outputs: [{ name: 'y', type: 2, shape: ['h', 'w', 3] }],
      nodes: [{ op: 'ImageDecoder', inputs: ['x'], outputs: ['y'] }],
      opset: 20,
    }),
    'UnsupportedOperator',
    /the operator "ImageDecoder" of opset 20/,
  ],
  [
    'an opset of the future',
    one({ opset: 99 }),
    'UnsupportedOperator',
    /needs opset 99 .* up to 26/,
  ],
  ['an IR of the future', one({ irVersion: 99 }), 'Unreadable', /IR version 99.* up to 13/],
  [
    'a graph that does not hang together',
    one({ nodes: [{ op: 'Identity', inputs: ['z'], outputs: ['y'] }] }),
    'Unreadable',
    /cannot be loaded: .*'z' is not a graph input/,
  ],
  ['bfloat16', identityModel(16), 'UnsupportedType', /the input "x" of type BFLOAT16/],
  [
    'int4 as an output, over which ONNX Runtime aborts',
    one({
      outputs: [{ name: 'y', type: 22, shape: ['n'] }],
      nodes: [{ op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: [intAttribute('to', 22)] }],
      opset: 21,
      irVersion: 10,
    }),
    'UnsupportedType',
    /the output "y" of type INT4/,
  ],
  [
    'weights in another file',
    one({ weights: [tensor(5, { name: 'w', type: 1, dims: [1], location: '/etc/passwd' })] }),
    'Unreadable',
    /the weights of "w" in another file, "\/etc\/passwd"/,
  ],
  ['no outputs', one({ outputs: [] }), 'Unreadable', /has no outputs/],
  [
    'a declared shape that is not kept',
    one({ outputs: [{ name: 'y', type: 1, shape: [5] }] }),
    'SelfTestFailed',
    /declares the output "y" as \[5\], and answers \[1\]/,
  ],
  [
    'NaN for ordinary inputs',
    one({
      weights: [tensor(5, { name: 'w', type: 1, dims: [1], data: float(Number.NaN) })],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    }),
    'SelfTestFailed',
    /answers NaN in the output "y"/,
  ],
  [
    'a run that fails on every size',
    one({
      inputs: [{ name: 'x', type: 1, shape: ['n', 'm'] }],
      outputs: [{ name: 'y', type: 1, shape: ['n', 'k'] }],
      weights: [tensor(5, { name: 'w', type: 1, dims: [3, 1], data: new Uint8Array(12) })],
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    }),
    'SelfTestFailed',
    /cannot be run on an input of the declared shape/,
  ],
  [
    'an input that is larger than memory',
    identityModel(1, [2 ** 20, 2 ** 20]),
    'SelfTestFailed',
    /asks for an input of 1099511627776 elements/,
  ],
]

function float(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer)
}

for (const [name, bytes, reason, message] of refusals)
  test(`refused: ${name}`, async () => {
    const model = await load(bytes)
    assert.ok(!model.ok, 'it was loaded')
    assert.match(model.message, message)
    assert.equal(model.reason, reason)
  })

test('an output whose shape the file leaves open has as many dimensions as it was seen with', async () => {
  const model = await load(
    one({
      inputs: [{ name: 'x', type: 1, shape: ['n', 3] }],
      outputs: [{ name: 'y', type: 1 }],
    }),
  )
  assert.ok(model.ok)
  /** ONNX Runtime may infer more than the file says; the number of dimensions is what matters. */
  assert.equal(model.signature.outputs[0]!.shape.length, 2)
  await model.dispose()
})

test('the models of the demo load', async () => {
  const examples = new URL('../../../examples/digits/', import.meta.url)
  const model = await load(readFileSync(new URL('digits-v1.onnx', examples)))
  assert.ok(model.ok)
  assert.deepEqual(model.signature.inputs, [
    { name: 'image', datatype: 'FP32', shape: [-1, 28, 28] },
  ])
  const small = await load(readFileSync(new URL('digits-small-input.onnx', examples)))
  assert.ok(small.ok)
  assert.deepEqual(small.signature.inputs[0]!.shape, [-1, 14, 14])
  const none = await load(readFileSync(new URL('not-a-model.onnx', examples)))
  assert.ok(!none.ok && none.reason === 'NotAModel')
})
