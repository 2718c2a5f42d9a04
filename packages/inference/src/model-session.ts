import type { InferenceSession } from 'onnxruntime-node'
import type { ModelSignature, TensorSpec } from '@skerry/api/kinds/model'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import {
  type Refusal,
  refusalOfLoadError,
  refuse,
  refuseOutline,
  refuseType,
} from './model-refusal.ts'
import { readOnnx } from './onnx-file.ts'
import {
  createSession,
  fromRuntimeTensor,
  loadOnnxRuntime,
  toRuntimeTensor,
} from './onnx-runtime.ts'
import type { RunModel } from './run-model.ts'
import { selfTest } from './self-test.ts'
import { datatypeOf } from './tensor-type.ts'

export type LoadedModel = {
  readonly ok: true
  readonly signature: ModelSignature
  readonly run: RunModel
  readonly selfTestMs: number
  readonly dispose: () => Promise<void>
}
export type LoadOptions = { readonly threads: number; readonly clock: Clock }

/** Checks, loads, warms and tests a model; expected failure is a refusal with a reason. */
export async function loadModel(
  bytes: Uint8Array,
  { threads, clock }: LoadOptions,
): Promise<LoadedModel | Refusal> {
  const reading = readOnnx(bytes)
  if (!reading.ok) return refuse('NotAModel', reading.message)
  const outlineRefusal = refuseOutline(reading.file)
  if (outlineRefusal !== undefined) return outlineRefusal
  const runtime = await loadOnnxRuntime()
  let session: InferenceSession
  try {
    session = await createSession(runtime, bytes, threads)
  } catch (error) {
    return refusalOfLoadError(toError(error))
  }
  const run: RunModel = async (inputs, outputs) => {
    const feeds = Object.fromEntries(
      inputs.map((input) => [input.name, toRuntimeTensor(runtime, input)]),
    )
    const results = await session.run(feeds, outputs)
    return outputs.map((name) => fromRuntimeTensor(name, results[name]!))
  }
  const declared = signatureOf(session)
  const tested = declared.ok
    ? await selfTest(declared.signature, reading.file, { run, clock })
    : declared
  if (!tested.ok) {
    await session.release()
    return tested
  }
  const { signature, selfTestMs } = tested
  return { ok: true, signature, run, selfTestMs, dispose: () => session.release() }
}

type Declared = { readonly ok: true; readonly signature: ModelSignature }

function signatureOf(session: InferenceSession): Declared | Refusal {
  const inputs = specsOf('input', session.inputMetadata)
  if (!Array.isArray(inputs)) return inputs
  const outputs = specsOf('output', session.outputMetadata)
  return Array.isArray(outputs) ? { ok: true, signature: { inputs, outputs } } : outputs
}

function specsOf(
  side: 'input' | 'output',
  values: readonly InferenceSession.ValueMetadata[],
): TensorSpec[] | Refusal {
  const specs: TensorSpec[] = []
  for (const value of values) {
    if (!value.isTensor) return refuseType(side, value.name, 'sequence or map')
    const datatype = datatypeOf(value.type)
    if (datatype === undefined) return refuseType(side, value.name, value.type.toUpperCase())
    const shape = value.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1))
    specs.push({ name: value.name, datatype, shape })
  }
  return specs
}
