import type { WantedOutput } from './infer-request.ts'
import { findNonFinite } from './non-finite.ts'
import { quote } from './quote.ts'
import type { RequestProblem } from './request-problem.ts'
import { tensorToBinary } from './tensor-binary.ts'
import { dataToJson } from './tensor-json.ts'
import { type TensorValue, isFloat } from './tensor-type.ts'

export type InferResponse = {
  readonly ok: true
  readonly body: Buffer | string
  readonly bodyBytes: number
  /** Length of the JSON part where binary tensors follow it. */
  readonly jsonBytes?: number
}
export type Answer = {
  /** `{"model_name":…,"model_version":…`, written once per process. */
  readonly prefix: string
  readonly id: string
  readonly outputs: readonly TensorValue[]
  readonly wanted: readonly WantedOutput[]
}

export function responsePrefix(model: string, version: string): string {
  return `{"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)}`
}

/** Writes an answer; what JSON cannot carry is a problem with a way out, never a silent null. */
export function writeInferResponse(answer: Answer): InferResponse | RequestProblem {
  const binaries: Uint8Array[] = []
  const texts: string[] = []
  for (const [index, { name, isBinary }] of answer.wanted.entries()) {
    const output = answer.outputs[index]!
    const head = `{"name":${JSON.stringify(name)},"datatype":"${output.datatype}","shape":[${output.shape.join(',')}]`
    if (isBinary) {
      const bytes = tensorToBinary(output)
      binaries.push(bytes)
      texts.push(`${head},"parameters":{"binary_data_size":${bytes.length}}}`)
    } else {
      const problem = jsonProblem(output)
      if (problem !== undefined) return problem
      texts.push(`${head},"data":${dataToJson(output.datatype, output.data)}}`)
    }
  }
  const json = `${answer.prefix},"id":${JSON.stringify(answer.id)},"outputs":[${texts.join(',')}]}`
  const jsonBytes = Buffer.byteLength(json)
  if (binaries.length === 0) return { ok: true, body: json, bodyBytes: jsonBytes }
  const body = Buffer.concat([Buffer.from(json), ...binaries])
  return { ok: true, body, bodyBytes: body.length, jsonBytes }
}

function jsonProblem(output: TensorValue): RequestProblem | undefined {
  const name = quote(output.name)
  if (output.datatype === 'FP16')
    return {
      ok: false,
      status: 400,
      message: `the output ${name} is FP16, which JSON cannot carry: ask for it with "parameters": {"binary_data": true}`,
    }
  const found = isFloat(output.datatype) ? findNonFinite(output) : undefined
  return found === undefined
    ? undefined
    : {
        ok: false,
        status: 500,
        message: `the output ${name} has ${found.value} as element ${found.index}, which JSON cannot carry: ask for it with "parameters": {"binary_data": true}`,
      }
}
