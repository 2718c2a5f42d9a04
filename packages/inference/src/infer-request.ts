import type { ModelSignature, TensorSpec } from '@skerry/api/kinds/model'
import { isPlainObject, parseJson } from '@skerry/base/json'
import type { Random } from '@skerry/base/random'
import { jsonProblem } from './json-bound.ts'
import { type InferenceLimits, idCharactersMax } from './limits.ts'
import { quote, quoteShape } from './quote.ts'
import { type RequestProblem, badRequest } from './request-problem.ts'
import { tensorFromBinary } from './tensor-binary.ts'
import { tensorFromJson } from './tensor-json.ts'
import { type TensorData, type TensorValue, elementCount } from './tensor-type.ts'

export type WantedOutput = { readonly name: string; readonly isBinary: boolean }
export type InferRequest = {
  readonly ok: true
  readonly id: string
  readonly inputs: readonly TensorValue[]
  readonly outputs: readonly WantedOutput[]
}
export type InferBody = {
  readonly bytes: Buffer<ArrayBuffer>
  /** The header `Inference-Header-Content-Length`, where it was sent. */
  readonly headerLength: string | undefined
}
export type InferContext = {
  readonly signature: ModelSignature
  readonly limits: InferenceLimits
  readonly random: Random
}

/** Reads an inference request: JSON, followed by binary tensors where the header says so. */
export function readInferRequest(
  body: InferBody,
  context: InferContext,
): InferRequest | RequestProblem {
  const parts = splitBody(body, context.limits)
  if (!parts.ok) return parts
  const document = parseDocument(parts.json, context)
  if (!document.ok) return document
  const { value } = document
  const id = value['id']
  if (id !== undefined && (typeof id !== 'string' || id.length > idCharactersMax))
    return badRequest(
      `id is ${quote(id)}: it must be a string of at most ${idCharactersMax} characters`,
    )
  const inputs = readInputs(value['inputs'], parts.binary, context.signature)
  if (!inputs.ok) return inputs
  const outputs = readOutputs(value, context.signature)
  if (!outputs.ok) return outputs
  const given = id === undefined || id === '' ? context.random.uuid() : id
  return { ok: true, id: given, inputs: inputs.inputs, outputs: outputs.outputs }
}

type Bytes = Uint8Array<ArrayBuffer>
type Parts = { readonly ok: true; readonly json: Buffer; readonly binary: Bytes | undefined }

function splitBody(
  { bytes, headerLength }: InferBody,
  limits: InferenceLimits,
): Parts | RequestProblem {
  let jsonBytes = bytes.length
  if (headerLength !== undefined) {
    jsonBytes = /^\d{1,15}$/.test(headerLength) ? Number(headerLength) : -1
    if (jsonBytes < 0 || jsonBytes > bytes.length)
      return badRequest(
        `Inference-Header-Content-Length is ${quote(headerLength)}: it must be the length of the JSON part, at most the body's ${bytes.length} bytes`,
      )
  }
  if (jsonBytes > limits.jsonBytesMax)
    return {
      ok: false,
      status: 413,
      message: `the JSON part has ${jsonBytes} bytes, and at most ${limits.jsonBytesMax} are read: send large tensors as binary tensor data`,
    }
  const binary = headerLength === undefined ? undefined : bytes.subarray(jsonBytes)
  return { ok: true, json: bytes.subarray(0, jsonBytes), binary }
}

type Document = { readonly ok: true; readonly value: Record<string, unknown> }

/** JSON text as an object. Only models that take 64-bit integers pay for keeping all their digits. */
function parseDocument(
  json: Buffer,
  { signature, limits }: InferContext,
): Document | RequestProblem {
  const problem = jsonProblem(json, limits)
  if (problem !== undefined) return badRequest(problem)
  const isLong = signature.inputs.some(({ datatype }) => datatype.endsWith('INT64'))
  let value: unknown
  try {
    const text = json.toString('utf8')
    value = isLong ? parseJson(text) : JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : String(error)
    return badRequest(`the body is not JSON: ${reason}`)
  }
  return isPlainObject(value)
    ? { ok: true, value }
    : badRequest(`the body must be a JSON object with "inputs", is ${quote(value)}`)
}

type Inputs = { readonly ok: true; readonly inputs: TensorValue[] }

function readInputs(
  list: unknown,
  binary: Bytes | undefined,
  signature: ModelSignature,
): Inputs | RequestProblem {
  const names = signature.inputs.map(({ name }) => quote(name)).join(', ')
  if (!Array.isArray(list))
    return badRequest(`inputs is ${quote(list)}: it must be a list of tensors (${names})`)
  const inputs = new Map<string, TensorValue>()
  let at = 0
  for (const [index, item] of list.entries()) {
    if (!isPlainObject(item))
      return badRequest(`inputs[${index}] is ${quote(item)}: it must be an object`)
    const spec = signature.inputs.find(({ name }) => name === item['name'])
    if (spec === undefined)
      return badRequest(
        `inputs[${index}] is called ${quote(item['name'])}: this model takes ${names || 'no inputs'}`,
      )
    if (inputs.has(spec.name)) return badRequest(`the input ${quote(spec.name)} is there twice`)
    const read = readInput(spec, item, binary?.subarray(at))
    if (!read.ok) return read
    at += read.binaryBytes
    inputs.set(spec.name, read.value)
  }
  const missing = signature.inputs.find(({ name }) => !inputs.has(name))
  if (missing !== undefined)
    return badRequest(
      `the input ${quote(missing.name)} is missing: send ${missing.datatype} of shape ${quoteShape(missing.shape)}`,
    )
  if (binary !== undefined && at !== binary.length)
    return badRequest(
      `${binary.length} bytes follow the JSON, and binary_data_size of all inputs together is ${at}`,
    )
  return { ok: true, inputs: [...inputs.values()] }
}

type Input = { readonly ok: true; readonly value: TensorValue; readonly binaryBytes: number }

function readInput(
  spec: TensorSpec,
  item: Record<string, unknown>,
  binary: Bytes | undefined,
): Input | RequestProblem {
  const { name, datatype } = spec
  const label = `input ${quote(name)}`
  if (item['datatype'] !== datatype)
    return badRequest(`${label}: datatype is ${quote(item['datatype'])}, must be "${datatype}"`)
  const shape = item['shape']
  if (!isShape(shape) || !fits(shape, spec.shape))
    return badRequest(
      `${label}: shape is ${Array.isArray(shape) ? quoteShape(shape) : quote(shape)}, must be ${quoteShape(spec.shape)}${spec.shape.includes(-1) ? ', where -1 is any length from 1' : ''}`,
    )
  if (!Number.isSafeInteger(elementCount(shape)))
    return badRequest(`${label}: shape ${quoteShape(shape)} has too many elements`)
  const parameters = item['parameters']
  const size = isPlainObject(parameters) ? parameters['binary_data_size'] : undefined
  let data: { readonly ok: true; readonly data: TensorData } | RequestProblem
  let binaryBytes = 0
  if (size === undefined) data = tensorFromJson(label, datatype, shape, item['data'])
  else {
    if (binary === undefined)
      return badRequest(
        `${label}: has a binary_data_size: send the header Inference-Header-Content-Length with the length of the JSON part`,
      )
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > binary.length)
      return badRequest(
        `${label}: binary_data_size is ${quote(size)}, and ${binary.length} bytes of binary data are left for it`,
      )
    if (item['data'] !== undefined)
      return badRequest(`${label}: has both data and a binary_data_size: send one of them`)
    binaryBytes = size
    data = tensorFromBinary(label, datatype, shape, binary.subarray(0, size))
  }
  return data.ok
    ? { ok: true, value: { name, datatype, shape, data: data.data }, binaryBytes }
    : data
}

function isShape(shape: unknown): shape is number[] {
  return (
    Array.isArray(shape) &&
    shape.every((dimension) => Number.isSafeInteger(dimension) && dimension > 0)
  )
}

function fits(shape: readonly number[], declared: readonly number[]): boolean {
  return (
    shape.length === declared.length &&
    declared.every((dimension, index) => dimension === -1 || dimension === shape[index])
  )
}

type Outputs = { readonly ok: true; readonly outputs: WantedOutput[] }

function readOutputs(
  document: Record<string, unknown>,
  signature: ModelSignature,
): Outputs | RequestProblem {
  const parameters = document['parameters']
  const isAllBinary = isPlainObject(parameters) && parameters['binary_data_output'] === true
  const list = document['outputs']
  if (list === undefined)
    return {
      ok: true,
      outputs: signature.outputs.map(({ name }) => ({ name, isBinary: isAllBinary })),
    }
  if (!Array.isArray(list))
    return badRequest(
      `outputs is ${quote(list)}: it must be a list of {"name": …}, or absent for all`,
    )
  const outputs = new Map<string, WantedOutput>()
  for (const [index, item] of list.entries()) {
    const name = isPlainObject(item) ? item['name'] : item
    const spec = signature.outputs.find((output) => output.name === name)
    if (!isPlainObject(item) || spec === undefined) {
      const names = signature.outputs.map((output) => quote(output.name)).join(', ')
      return badRequest(`outputs[${index}] asks for ${quote(name)}: this model gives ${names}`)
    }
    if (outputs.has(spec.name))
      return badRequest(`the output ${quote(spec.name)} is asked for twice`)
    const own = isPlainObject(item['parameters']) ? item['parameters']['binary_data'] : undefined
    outputs.set(spec.name, {
      name: spec.name,
      isBinary: typeof own === 'boolean' ? own : isAllBinary,
    })
  }
  return { ok: true, outputs: [...outputs.values()] }
}
