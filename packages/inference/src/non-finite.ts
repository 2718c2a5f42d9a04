import type { TensorValue } from './tensor-type.ts'

export type NonFinite = { readonly index: number; readonly value: 'NaN' | 'Infinity' | '-Infinity' }

/** The first NaN of a float tensor, else its first infinity; undefined when all are numbers. */
export function findNonFinite({ datatype, data }: TensorValue): NonFinite | undefined {
  let infinity: NonFinite | undefined
  if (datatype === 'FP16' && data instanceof Uint16Array)
    for (let index = 0; index < data.length; index += 1) {
      const bits = data[index]!
      if ((bits & 0x7c00) !== 0x7c00) continue
      if ((bits & 0x3ff) !== 0) return { index, value: 'NaN' }
      infinity ??= { index, value: bits >= 0x8000 ? '-Infinity' : 'Infinity' }
    }
  if (data instanceof Float32Array || data instanceof Float64Array)
    for (let index = 0; index < data.length; index += 1) {
      const value = data[index]!
      if (Number.isFinite(value)) continue
      if (Number.isNaN(value)) return { index, value: 'NaN' }
      infinity ??= { index, value: value > 0 ? 'Infinity' : '-Infinity' }
    }
  return infinity
}
