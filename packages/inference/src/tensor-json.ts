import { isRawNumber } from '@skerry/base/json'
import { quote, quoteShape } from './quote.ts'
import { type RequestProblem, badRequest } from './request-problem.ts'
import {
  type Datatype,
  type TensorArray,
  type TensorData,
  arrayOf,
  elementCount,
} from './tensor-type.ts'

type Filled = { readonly ok: true; readonly data: TensorData }

/** Elements from JSON, flat or nested as the shape says, each checked against the type. */
export function tensorFromJson(
  label: string,
  datatype: Datatype,
  shape: readonly number[],
  data: unknown,
): Filled | RequestProblem {
  if (datatype === 'FP16')
    return badRequest(`${label}: JSON cannot carry FP16: send it as binary tensor data`)
  if (!Array.isArray(data))
    return badRequest(`${label}: data must be a list of ${datatype} values, is ${quote(data)}`)
  const count = elementCount(shape)
  const isNested = Array.isArray(data[0])
  const wanted = isNested ? shape[0] : count
  if (data.length !== wanted)
    return badRequest(
      isNested
        ? `${label}: data has ${data.length} lists, and shape ${quoteShape(shape)} needs ${wanted ?? 'one number'}`
        : `${label}: data has ${data.length} elements, and shape ${quoteShape(shape)} needs ${count}`,
    )
  const nestingProblem = isNested ? checkNesting(data, shape) : undefined
  if (nestingProblem !== undefined) return badRequest(`${label}: ${nestingProblem}`)
  const target: TensorArray | string[] =
    datatype === 'BYTES' ? Array<string>(count).fill('') : new (arrayOf(datatype))(count)
  const copy = copierOf(datatype, target)
  const problem = fill(data, isNested ? shape.length : 1, { copy, at: 0, datatype })
  return problem === undefined ? { ok: true, data: target } : badRequest(`${label}: ${problem}`)
}

/** Copies a list to its place; the index of the first element that does not fit, or -1. */
type Copy = (items: readonly unknown[], at: number) => number
type Filling = { readonly copy: Copy; readonly datatype: Datatype; at: number }

/** Nothing is allocated for a shape before all its lists are known to be there. */
function checkNesting(items: readonly unknown[], shape: readonly number[]): string | undefined {
  if (shape.length <= 1) return undefined
  const inner = shape.slice(1)
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== inner[0])
      return `nested data must follow the shape: a list of ${inner[0]} is expected, and here is ${quote(item)}`
    const problem = checkNesting(item, inner)
    if (problem !== undefined) return problem
  }
  return undefined
}

function fill(items: readonly unknown[], depth: number, filling: Filling): string | undefined {
  if (depth > 1) {
    for (const item of items) {
      const problem = fill(item as unknown[], depth - 1, filling)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  const bad = filling.copy(items, filling.at)
  if (bad >= 0)
    return `element ${filling.at + bad} is ${quote(items[bad])}, which is no ${filling.datatype}${rangeOf(filling.datatype)}`
  filling.at += items.length
  return undefined
}

const largestFloat32 = 3.4028234663852886e38

const ranges: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  UINT8: [0n, 255n],
  UINT16: [0n, 65_535n],
  UINT32: [0n, 2n ** 32n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
  INT8: [-128n, 127n],
  INT16: [-32_768n, 32_767n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
}

function rangeOf(datatype: Datatype): string {
  const range = ranges[datatype]
  if (range !== undefined) return ` (an integer from ${range[0]} to ${range[1]})`
  if (datatype === 'BOOL') return ' (true or false)'
  if (datatype === 'BYTES') return ' (a string without zero characters, as ONNX Runtime ends there)'
  return ' (a finite number)'
}

function copierOf(datatype: Datatype, target: TensorData): Copy {
  if (target instanceof Float32Array) return copyFloats(target, largestFloat32)
  if (target instanceof Float64Array) return copyFloats(target, Number.MAX_VALUE)
  if (target instanceof BigInt64Array || target instanceof BigUint64Array)
    return copyLongs(target, ranges[datatype]!)
  if (Array.isArray(target)) return copyTexts(target)
  if (datatype === 'BOOL') return copyBooleans(target)
  const [smallest, largest] = ranges[datatype]!
  return copyIntegers(target, Number(smallest), Number(largest))
}

const copyFloats =
  (target: Float32Array | Float64Array, largest: number): Copy =>
  (items, at) => {
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index]
      const value = typeof item === 'number' ? item : isRawNumber(item) ? Number(item.rawJSON) : NaN
      if (!(value <= largest && value >= -largest)) return index
      target[at + index] = value
    }
    return -1
  }

const copyIntegers =
  (
    target: Exclude<TensorArray, BigInt64Array | BigUint64Array>,
    smallest: number,
    largest: number,
  ): Copy =>
  (items, at) => {
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index]
      if (!Number.isInteger(item)) return index
      const value = item as number
      if (value < smallest || value > largest) return index
      target[at + index] = value
    }
    return -1
  }

const copyLongs =
  (target: BigInt64Array | BigUint64Array, [smallest, largest]: readonly [bigint, bigint]): Copy =>
  (items, at) => {
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index]
      const isDigits = isRawNumber(item)
      if (!isDigits && !Number.isSafeInteger(item)) return index
      const value = BigInt(isDigits ? item.rawJSON : (item as number))
      if (value < smallest || value > largest) return index
      target[at + index] = value
    }
    return -1
  }

const copyBooleans =
  (target: TensorArray): Copy =>
  (items, at) => {
    for (let index = 0; index < items.length; index += 1) {
      if (typeof items[index] !== 'boolean') return index
      target[at + index] = items[index] === true ? 1 : 0
    }
    return -1
  }

const copyTexts =
  (target: string[]): Copy =>
  (items, at) => {
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index]
      if (typeof item !== 'string' || item.includes('\0') || !item.isWellFormed()) return index
      target[at + index] = item
    }
    return -1
  }

/** Elements as JSON text; floats must be finite. */
export function dataToJson(datatype: Datatype, data: TensorData): string {
  if (Array.isArray(data)) return JSON.stringify(data)
  if (datatype === 'BOOL' && data instanceof Uint8Array)
    return `[${Array.from(data, (value) => value !== 0).join(',')}]`
  return `[${data.join(',')}]`
}
