import type { TensorValue } from './tensor-type.ts'

/** Runs a model once: all inputs in, the named outputs back, in that order. */
export type RunModel = (
  inputs: readonly TensorValue[],
  outputs: readonly string[],
) => Promise<TensorValue[]>
