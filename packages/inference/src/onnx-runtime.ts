import type * as OnnxRuntimeModule from 'onnxruntime-node'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { type TensorValue, datatypeOf, runtimeTypes } from './tensor-type.ts'

export type OnnxRuntime = typeof OnnxRuntimeModule

/**
 * Loads ONNX Runtime with its telemetry off. 1.27 has none; later ones read this variable as they are
 * loaded, hence no static import of it anywhere.
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
  const runtime = await import('onnxruntime-node')
  keepFloat16AsBits(runtime)
  return runtime
}

/**
 * The native part of 1.27 does not know Node 24's Float16Array ("expected 6, got 0"), but takes the
 * bits in a Uint16Array where that class is missing. It looks once, when the first tensor is made.
 */
function keepFloat16AsBits(runtime: OnnxRuntime): void {
  const float16Array = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array')
  if (float16Array === undefined) return
  Reflect.deleteProperty(globalThis, 'Float16Array')
  try {
    new runtime.Tensor('float32', new Float32Array(1), [1])
  } finally {
    Object.defineProperty(globalThis, 'Float16Array', float16Array)
  }
}

export function createSession(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  threads: number,
): Promise<InferenceSession> {
  return runtime.InferenceSession.create(bytes, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    /** Fatal ones only: what matters is thrown, and we say it ourselves. */
    logSeverityLevel: 4,
  })
}

export function toRuntimeTensor(runtime: OnnxRuntime, value: TensorValue): Tensor {
  const type: Tensor.Type = runtimeTypes[value.datatype]
  const data = value.data as Tensor.DataType
  return new runtime.Tensor(type, data, value.shape)
}

export function fromRuntimeTensor(name: string, tensor: Tensor): TensorValue {
  const datatype = datatypeOf(tensor.type)
  if (datatype === undefined)
    throw new Error(`Broken assumption: output ${name} came out as ${tensor.type}`)
  return { name, datatype, shape: tensor.dims, data: tensor.data as TensorValue['data'] }
}
