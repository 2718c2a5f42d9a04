import type { ModelSignature } from '@skerry/api/kinds/model'
import type { TensorValue } from './tensor-type.ts'

/** What a classifier said of one row. */
export type Verdict = {
  readonly classIndex: number
  /** Its probability; absent where the model gives scores that are no probabilities. */
  readonly confidence?: number
}

/**
 * The convention: the first output that is FP32 or FP64 of two dimensions, rows by classes, is a
 * classification; the class is the index of the largest value.
 */
export function classOutput(signature: ModelSignature): string | undefined {
  return signature.outputs.find(
    ({ datatype, shape }) =>
      (datatype === 'FP32' || datatype === 'FP64') && shape.length === 2 && shape[1] !== 1,
  )?.name
}

/** Each row's class. Rows with NaN have none. */
export function classify({ data, shape }: TensorValue): Verdict[] {
  const [rows = 0, columns = 0] = shape
  const isFloatArray = data instanceof Float32Array || data instanceof Float64Array
  if (!isFloatArray || shape.length !== 2 || columns < 2) return []
  const verdicts: Verdict[] = []
  for (let row = 0; row < rows; row += 1) {
    const verdict = classifyRow(data, row * columns, columns)
    if (verdict !== undefined) verdicts.push(verdict)
  }
  return verdicts
}

function classifyRow(
  data: Float32Array | Float64Array,
  start: number,
  columns: number,
): Verdict | undefined {
  let best = 0
  let largest = -Infinity
  let isProbability = true
  for (let column = 0; column < columns; column += 1) {
    const value = data[start + column]!
    if (Number.isNaN(value)) return undefined
    if (value < 0 || value > 1) isProbability = false
    if (value > largest) {
      largest = value
      best = column
    }
  }
  return isProbability ? { classIndex: best, confidence: largest } : { classIndex: best }
}
