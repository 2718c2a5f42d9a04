import type { ModelSignature, TensorSpec } from '@skerry/api/kinds/model'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import { type Random, seededRandom } from '@skerry/base/random'
import { selfTestElementsMax } from './limits.ts'
import { type Refusal, refuse, runtimeSentence } from './model-refusal.ts'
import { findNonFinite } from './non-finite.ts'
import type { OnnxFile } from './onnx-file.ts'
import { quote, quoteShape } from './quote.ts'
import type { RunModel } from './run-model.ts'
import { type TensorValue, arrayOf, elementCount, isFloat } from './tensor-type.ts'

type Tested = {
  readonly ok: true
  readonly signature: ModelSignature
  readonly selfTestMs: number
}
type Subject = { readonly run: RunModel; readonly clock: Clock }

/**
 * What a dimension that may be any becomes, the first being 1. Most models take 1 everywhere; some
 * convolutions and windows need room, so the other dimensions are tried larger before it is given up.
 */
const freeSizes = [1, 32, 256]

/** The same inputs every time, so that a refusal can be repeated. */
const seed = 1

/**
 * Warms the model with zeros, then runs it on inputs in [0, 1) and looks at what comes out. Integers
 * stay zero: they may be indices. Zeros may give NaN (a norm of nothing); ordinary inputs may not.
 */
export async function selfTest(
  signature: ModelSignature,
  file: OnnxFile,
  { run, clock }: Subject,
): Promise<Tested | Refusal> {
  const names = signature.outputs.map(({ name }) => name)
  const isFree = signature.inputs.some(({ shape }) => shape.slice(1).includes(-1))
  let problem = ''
  for (const size of isFree ? freeSizes : [1]) {
    const count = largestCount(signature.inputs, size)
    if (count > selfTestElementsMax)
      return refuse(
        'SelfTestFailed',
        problem || `asks for an input of ${count} elements, more than ${selfTestElementsMax}`,
      )
    try {
      await run(inputsFor(signature.inputs, size), names)
      const startMs = clock.monotonicMs()
      const outputs = await run(inputsFor(signature.inputs, size, seededRandom(seed)), names)
      const selfTestMs = clock.monotonicMs() - startMs
      const refusal = refuseOutputs(signature.outputs, outputs, file)
      if (refusal !== undefined) return refusal
      return { ok: true, signature: withSeenRanks(signature, outputs, file), selfTestMs }
    } catch (error) {
      problem ||= `cannot be run on an input of the declared shape: ${runtimeSentence(toError(error))}`
    }
  }
  return refuse('SelfTestFailed', problem)
}

const sizedShape = (shape: readonly number[], size: number): number[] =>
  shape.map((dimension, index) => (dimension !== -1 ? dimension : index === 0 ? 1 : size))

function largestCount(inputs: readonly TensorSpec[], size: number): number {
  return Math.max(0, ...inputs.map(({ shape }) => elementCount(sizedShape(shape, size))))
}

function inputsFor(specs: readonly TensorSpec[], size: number, random?: Random): TensorValue[] {
  return specs.map(({ name, datatype, shape: declared }) => {
    const shape = sizedShape(declared, size)
    const count = elementCount(shape)
    if (datatype === 'BYTES')
      return { name, datatype, shape, data: Array.from({ length: count }, () => '') }
    const data = new (arrayOf(datatype))(count)
    if (random !== undefined && (data instanceof Float32Array || data instanceof Float64Array))
      for (let index = 0; index < count; index += 1) data[index] = random.next()
    if (random !== undefined && datatype === 'FP16')
      for (let index = 0; index < count; index += 1) data[index] = halfBits(random)
    return { name, datatype, shape, data }
  })
}

/** A half in [0.5, 1): exponent 14 of 15 and ten random bits of fraction. */
const halfBits = (random: Random): number => (14 << 10) | Math.floor(random.next() * 1024)

function refuseOutputs(
  specs: readonly TensorSpec[],
  outputs: readonly TensorValue[],
  file: OnnxFile,
): Refusal | undefined {
  for (const [index, spec] of specs.entries()) {
    const output = outputs[index]
    const what = `the output ${quote(spec.name)}`
    if (output === undefined) return refuse('SelfTestFailed', `does not answer ${what}`)
    if (output.datatype !== spec.datatype)
      return refuse(
        'SelfTestFailed',
        `declares ${what} as ${spec.datatype}, and answers ${output.datatype}`,
      )
    if (hasDeclaredShape(file, spec.name) && !fits(spec.shape, output.shape))
      return refuse(
        'SelfTestFailed',
        `declares ${what} as ${quoteShape(spec.shape)}, and answers ${quoteShape(output.shape)}: export it with the right dynamic axes`,
      )
    if (isFloat(output.datatype) && findNonFinite(output)?.value === 'NaN')
      return refuse(
        'SelfTestFailed',
        `answers NaN in ${what} for ordinary inputs in [0, 1): its weights are broken`,
      )
  }
  return undefined
}

function fits(declared: readonly number[], seen: readonly number[]): boolean {
  return (
    declared.length === seen.length &&
    declared.every((dimension, index) => dimension === -1 || dimension === seen[index])
  )
}

/** Whether the file itself says how many dimensions an output has. */
function hasDeclaredShape(file: OnnxFile, output: string): boolean {
  return file.outputs.some(({ name, hasShape }) => name === output && hasShape)
}

/** An output whose shape the file leaves open is any in as many dimensions as were seen. */
function withSeenRanks(
  signature: ModelSignature,
  outputs: readonly TensorValue[],
  file: OnnxFile,
): ModelSignature {
  const open = (spec: TensorSpec, index: number): TensorSpec =>
    hasDeclaredShape(file, spec.name)
      ? spec
      : { ...spec, shape: outputs[index]!.shape.map(() => -1) }
  return { inputs: signature.inputs, outputs: signature.outputs.map(open) }
}
