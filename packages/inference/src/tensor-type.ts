import { tensorDatatypes } from '@skerry/api/kinds/model'
import type { TensorSpec } from '@skerry/api/kinds/model'

export type Datatype = TensorSpec['datatype']

/** Elements in row-major order. FP16 is kept as its 16 bits; BYTES are texts, as ONNX Runtime has them. */
export type TensorArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
export type TensorData = TensorArray | string[]

export type TensorValue = {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly data: TensorData
}

type ArrayConstructor = {
  new (length: number): TensorArray
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TensorArray
  readonly BYTES_PER_ELEMENT: number
}

/** All but BYTES, whose elements have no fixed size. */
const arrays: Readonly<Record<Exclude<Datatype, 'BYTES'>, ArrayConstructor>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
}

export function arrayOf(datatype: Exclude<Datatype, 'BYTES'>): ArrayConstructor {
  return arrays[datatype]
}

/** ONNX Runtime's name of each type. */
export const runtimeTypes = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<Datatype, string>

const datatypesByRuntimeType = new Map<string, Datatype>(
  tensorDatatypes.map((datatype) => [runtimeTypes[datatype], datatype]),
)

/** The protocol's name of a type of ONNX Runtime, or undefined if the protocol has none. */
export function datatypeOf(runtimeType: string): Datatype | undefined {
  return datatypesByRuntimeType.get(runtimeType)
}

export function isFloat(datatype: Datatype): boolean {
  return datatype === 'FP16' || datatype === 'FP32' || datatype === 'FP64'
}

/** How many elements a shape holds; the empty shape is one number. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1)
}
