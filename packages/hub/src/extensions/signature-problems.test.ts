import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelSignature } from '@skerry/api/kinds/model'
import { signatureProblems } from './signature-problems.ts'

const digits: ModelSignature = {
  inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 28, 28] }],
  outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
}

test('a version with the same inputs and outputs is welcome', () => {
  assert.deepEqual(signatureProblems(digits, structuredClone(digits)), [])
})

test('another shape is told with both shapes', () => {
  const small = { ...digits, inputs: [{ ...digits.inputs[0]!, shape: [-1, 14, 14] }] }
  assert.deepEqual(signatureProblems(digits, small), [
    'its input image is FP32 [any, 14, 14], but the model promises FP32 [any, 28, 28]',
  ])
})

test('a fixed batch cannot stand in for any batch, any can stand in for a fixed one', () => {
  const fixed = { ...digits, inputs: [{ ...digits.inputs[0]!, shape: [1, 28, 28] }] }
  assert.equal(signatureProblems(digits, fixed).length, 1)
  assert.deepEqual(signatureProblems(fixed, digits), [])
})

test('missing outputs, other types and inputs that nobody sends are all told', () => {
  const other: ModelSignature = {
    inputs: [
      { name: 'image', datatype: 'FP64', shape: [-1, 28, 28] },
      { name: 'mask', datatype: 'BOOL', shape: [1] },
    ],
    outputs: [],
  }
  assert.equal(signatureProblems(digits, other).length, 3)
})
