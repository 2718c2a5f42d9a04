import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TensorSpec } from '@skerry/api/kinds/model'
import { seededRandom } from '@skerry/base/random'
import { type InferBody, readInferRequest } from './infer-request.ts'
import { defaultLimits } from './limits.ts'
import type { Datatype } from './tensor-type.ts'

const output: TensorSpec = { name: 'y', datatype: 'FP32', shape: [-1] }
const image: TensorSpec = { name: 'x', datatype: 'FP32', shape: [-1, 2] }

const read = (
  body: unknown,
  { inputs = [image], headerLength }: { inputs?: TensorSpec[]; headerLength?: string } = {},
) => {
  const bytes = Buffer.from(
    typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  ) as InferBody['bytes']
  return readInferRequest(
    { bytes, headerLength },
    {
      signature: { inputs, outputs: [output, { ...output, name: 'z' }] },
      limits: defaultLimits,
      random: seededRandom(1),
    },
  )
}
const tensor = (more: object) => ({
  name: 'x',
  datatype: 'FP32',
  shape: [1, 2],
  data: [1, 2],
  ...more,
})
const withInput = (more: object) => ({ inputs: [tensor(more)] })

test('flat and nested data are the same', () => {
  for (const data of [
    [1, 2, 3, 4],
    [
      [1, 2],
      [3, 4],
    ],
  ]) {
    const request = read(withInput({ shape: [2, 2], data }))
    assert.ok(request.ok)
    assert.deepEqual(request.inputs[0]!.data, Float32Array.of(1, 2, 3, 4))
  }
})

test('an id is kept, or made', () => {
  const given = read({ id: 'mine', inputs: [tensor({})] })
  assert.ok(given.ok && given.id === 'mine')
  const made = read(withInput({}))
  assert.ok(made.ok)
  assert.match(made.id, /^[0-9a-f-]{36}$/)
})

test('all outputs are answered unless some are asked for; binary by request, by output', () => {
  const outputsOf = (more: object) => {
    const request = read({ inputs: [tensor({})], ...more })
    assert.ok(request.ok)
    return request.outputs.map(({ name, isBinary }) => `${name}${isBinary ? ' binary' : ''}`)
  }
  assert.deepEqual(outputsOf({}), ['y', 'z'])
  assert.deepEqual(outputsOf({ outputs: [{ name: 'z' }] }), ['z'])
  assert.deepEqual(outputsOf({ parameters: { binary_data_output: true } }), [
    'y binary',
    'z binary',
  ])
  assert.deepEqual(
    outputsOf({
      parameters: { binary_data_output: true },
      outputs: [{ name: 'z', parameters: { binary_data: false } }, { name: 'y' }],
    }),
    ['z', 'y binary'],
  )
})

const problems: [name: string, body: unknown, message: RegExp][] = [
  ['nothing', '', /the body is not JSON/],
  ['half of JSON', '{"inputs":[', /the body is not JSON/],
  ['a list', '[]', /must be a JSON object with "inputs", is a list of 0/],
  ['null', 'null', /must be a JSON object/],
  ['no inputs', {}, /inputs is absent: it must be a list of tensors \("x"\)/],
  ['inputs that are an object', { inputs: {} }, /inputs is an object/],
  ['an input that is a number', { inputs: [7] }, /inputs\[0\] is 7: it must be an object/],
  ['no input', { inputs: [] }, /"x" is missing: send FP32 of shape \[-1,2\]/],
  ['another input', withInput({ name: 'w' }), /inputs\[0\] is called "w": this model takes "x"/],
  ['an input called by a list', withInput({ name: ['x'] }), /is called a list of 1/],
  ['the same input twice', { inputs: [tensor({}), tensor({})] }, /"x" is there twice/],
  ['another type', withInput({ datatype: 'INT64' }), /"x": datatype is "INT64", must be "FP32"/],
  ['no type', withInput({ datatype: undefined }), /datatype is absent, must be "FP32"/],
  ['another shape', withInput({ shape: [1, 3] }), /shape is \[1,3\], must be \[-1,2\], where -1/],
  ['another rank', withInput({ shape: [2] }), /shape is \[2\], must be/],
  ['a shape of nothing', withInput({ shape: [0, 2], data: [] }), /shape is \[0,2\], must be/],
  ['a negative shape', withInput({ shape: [-1, 2] }), /shape is \[-1,2\], must be/],
  ['a shape of halves', withInput({ shape: [1.5, 2] }), /shape is \[1.5,2\], must be/],
  ['a shape of words', withInput({ shape: ['1', '2'] }), /shape is \["1","2"\], must be/],
  ['a shape that is a number', withInput({ shape: 2 }), /shape is 2, must be/],
  ['a shape past all numbers', withInput({ shape: [2 ** 53 - 1, 2] }), /has too many elements/],
  ['too few elements', withInput({ data: [1] }), /has 1 elements, and shape \[1,2\] needs 2/],
  ['a shape that would fill memory', withInput({ shape: [1e12, 2] }), /needs 2000000000000/],
  ['a nested one too', withInput({ shape: [1e12, 2], data: [[1, 2]] }), /has 1 lists, and/],
  ['no data', withInput({ data: undefined }), /data must be a list of FP32 values, is absent/],
  ['data in a string', withInput({ data: 'AAAA' }), /data must be a list .* is "AAAA"/],
  ['a word among numbers', withInput({ data: [1, 'two'] }), /element 1 is "two", which is no FP32/],
  ['null among numbers', withInput({ data: [null, 2] }), /element 0 is null/],
  ['a number too large', withInput({ data: [1, 1e39] }), /element 1 is 1e\+39, which is no FP32/],
  ['ragged lists', withInput({ shape: [2, 2], data: [[1, 2], [3]] }), /a list of 2 is expected/],
  ['lists that turn flat', withInput({ shape: [2, 2], data: [[1, 2], 3] }), /and here is 3/],
  ['lists too deep', withInput({ shape: [1, 2], data: [[[1], [2]]] }), /element 0 is a list of 1/],
  ['lists without end', nested(100_000), /nests deeper than 64|is not JSON/],
  ['an id that is a number', { id: 7, inputs: [tensor({})] }, /id is 7: it must be a string/],
  ['an id like a book', { id: 'i'.repeat(300), inputs: [] }, /id is "i+"….* at most 256/],
  [
    'an output of nobody',
    { inputs: [tensor({})], outputs: [{ name: 'q' }] },
    /asks for "q".*"y", "z"/,
  ],
  ['outputs in a string', { inputs: [tensor({})], outputs: 'y' }, /outputs is "y"/],
  [
    'an output twice',
    { inputs: [tensor({})], outputs: [{ name: 'y' }, { name: 'y' }] },
    /"y" is asked for twice/,
  ],
  [
    'binary data without its header',
    withInput({ data: undefined, parameters: { binary_data_size: 8 } }),
    /send the header Inference-Header-Content-Length/,
  ],
]

function nested(depth: number): string {
  return `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":${'['.repeat(depth)}${']'.repeat(depth)}}]}`
}

for (const [name, body, message] of problems)
  test(`refused: ${name}`, () => {
    const request = read(body)
    assert.ok(!request.ok, 'it was accepted')
    assert.equal(request.status, 400)
    assert.match(request.message, message)
    assert.ok(request.message.length < 400, request.message)
  })

test('a JSON part that is too large says what to do', () => {
  const request = read(' '.repeat(defaultLimits.jsonBytesMax + 1))
  assert.ok(!request.ok)
  assert.equal(request.status, 413)
  assert.match(request.message, /send large tensors as binary tensor data/)
})

test('values of each type, and the ones just outside', () => {
  const cases: [Datatype, string, boolean][] = [
    ['BOOL', 'true', true],
    ['BOOL', '1', false],
    ['UINT8', '255', true],
    ['UINT8', '256', false],
    ['UINT8', '-1', false],
    ['INT8', '-128', true],
    ['INT8', '128', false],
    ['UINT16', '65536', false],
    ['INT16', '-32769', false],
    ['INT32', '2147483647', true],
    ['INT32', '2147483648', false],
    ['INT32', '1.5', false],
    ['UINT32', '4294967295', true],
    ['INT64', '9223372036854775807', true],
    ['INT64', '9223372036854775808', false],
    ['INT64', '-9223372036854775808', true],
    ['INT64', '1e3', true],
    ['INT64', '1e300', false],
    ['UINT64', '18446744073709551615', true],
    ['UINT64', '18446744073709551616', false],
    ['UINT64', '-1', false],
    ['FP64', '1e308', true],
    ['FP64', '12345678901234567890', true],
    ['FP32', '12345678901234567890', true],
    ['FP64', '1e309', false],
    ['BYTES', '"text"', true],
    ['BYTES', '7', false],
    ['BYTES', '"a\\u0000b"', false],
    ['BYTES', '"\\ud800"', false],
    ['FP16', '1', false],
  ]
  for (const [datatype, text, isRight] of cases) {
    const body = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1],"data":[${text}]}]}`
    const request = read(body, { inputs: [{ name: 'x', datatype, shape: [-1] }] })
    assert.equal(request.ok, isRight, `${datatype} ${text}`)
  }
})

test('integers past 2^53 keep all their digits', () => {
  const body =
    '{"inputs":[{"name":"x","datatype":"INT64","shape":[2],"data":[9007199254740993,-9007199254740993]}]}'
  const request = read(body, { inputs: [{ name: 'x', datatype: 'INT64', shape: [2] }] })
  assert.ok(request.ok)
  assert.deepEqual(
    request.inputs[0]!.data,
    BigInt64Array.of(9_007_199_254_740_993n, -9_007_199_254_740_993n),
  )
})

test('binary data: where sizes and headers lie', () => {
  const json = (size: unknown) =>
    `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":${JSON.stringify(size)}}}]}`
  const send = (size: unknown, bytes: number, headerLength?: string) => {
    const text = json(size)
    const request = read(Buffer.concat([Buffer.from(text), Buffer.alloc(bytes)]), {
      headerLength: headerLength ?? String(text.length),
    })
    return request.ok ? 'ok' : request.message
  }
  assert.equal(send(8, 8), 'ok')
  assert.match(send(8, 7), /binary_data_size is 8, and 7 bytes of binary data are left/)
  assert.match(send(8, 9), /9 bytes follow the JSON, and binary_data_size .* together is 8/)
  assert.match(send(4, 4), /binary_data_size is 4, and FP32 of shape \[1,2\] has 8 bytes/)
  for (const size of [-8, 1.5, '8', null, 2 ** 60])
    assert.match(send(size, 8), /binary_data_size is/)
  for (const header of ['-1', '99999', 'x', '1e2', '', '8, 8'])
    assert.match(send(8, 8, header), /Inference-Header-Content-Length is/)
})
