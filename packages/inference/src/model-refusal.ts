import type { ModelRefusal } from '@skerry/api/model-server-protocol'
import { runtimeMessageCharactersMax } from './limits.ts'
import type { OnnxFile, OnnxValue } from './onnx-file.ts'
import { quote } from './quote.ts'

export type Refusal = {
  readonly ok: false
  readonly reason: ModelRefusal
  readonly message: string
}

export const refuse = (reason: ModelRefusal, message: string): Refusal => ({
  ok: false,
  reason,
  message,
})

/** `TensorProto.DataType` of those that no client could send or read. */
const unsupportedTypes = new Map<number, string>([
  [14, 'COMPLEX64'],
  [15, 'COMPLEX128'],
  [16, 'BFLOAT16'],
  [17, 'FLOAT8E4M3FN'],
  [18, 'FLOAT8E4M3FNUZ'],
  [19, 'FLOAT8E5M2'],
  [20, 'FLOAT8E5M2FNUZ'],
  [21, 'UINT4'],
  [22, 'INT4'],
  [23, 'FLOAT4E2M1'],
  [24, 'FLOAT8E8M0'],
  [25, 'UINT2'],
  [26, 'INT2'],
])
const supportedTypeMax = 13

/** What stands in a file's outline that cannot be served; ONNX Runtime would crash over some of it. */
export function refuseOutline(file: OnnxFile): Refusal | undefined {
  const external = file.external[0]
  if (external !== undefined)
    return refuse(
      'Unreadable',
      `keeps the weights of ${quote(external.tensor)} in another file, ${quote(external.location)}: export the model as one file (onnx.save_model with save_as_external_data=False)`,
    )
  if (file.outputs.length === 0)
    return refuse('Unreadable', 'has no outputs: export the model with at least one')
  for (const value of file.inputs) {
    const refusal = refuseValue('input', value)
    if (refusal !== undefined) return refusal
  }
  for (const value of file.outputs) {
    const refusal = refuseValue('output', value)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function refuseValue(side: 'input' | 'output', value: OnnxValue): Refusal | undefined {
  const { name, kind, elementType } = value
  if (kind !== 'tensor' && kind !== 'undeclared')
    return refuse(
      'UnsupportedType',
      `has the ${side} ${quote(name)}, which is a ${kind}: only tensors can be served (with skl2onnx, export with zipmap=False)`,
    )
  if (elementType <= supportedTypeMax && elementType >= 0) return undefined
  return refuseType(side, name, unsupportedTypes.get(elementType) ?? `type ${elementType}`)
}

export function refuseType(side: 'input' | 'output', name: string, type: string): Refusal {
  return refuse(
    'UnsupportedType',
    `has the ${side} ${quote(name)} of type ${type}, which the Open Inference Protocol cannot carry: cast it to FP32 or an integer type within the model`,
  )
}

const unknownOperators = [
  /Error No Op registered for (?<operator>\S+) with domain_version of (?<version>\d+)/,
  /Fatal error: (?<operator>[^\s(]+)\(-?\d+\) is not a registered function/,
  /Could not find an implementation for (?<operator>[^\s(]+)\((?<version>\d+)\)/,
]
const newOpset = /Opset (\d+) is under development.*domain (\S+) is till opset (\d+)/s
const newIrVersion = /Unsupported model IR version: (\d+), max supported IR version: (\d+)/
const unknownType = /Unsupported data type: (\d+)/

/** What ONNX Runtime threw when it loaded a model, as a sentence for whoever pushed it. */
export function refusalOfLoadError(error: Error): Refusal {
  const text = error.message
  for (const pattern of unknownOperators) {
    const found = pattern.exec(text)?.groups
    if (found === undefined) continue
    const version = found['version'] === undefined ? '' : ` of opset ${found['version']}`
    return refuse(
      'UnsupportedOperator',
      `uses the operator ${quote(found['operator'])}${version}, which ONNX Runtime 1.27 does not have: export the model with standard operators`,
    )
  }
  const opset = newOpset.exec(text)
  if (opset !== null)
    return refuse(
      'UnsupportedOperator',
      `needs opset ${opset[1]} of ${opset[2]}, and ONNX Runtime 1.27 knows up to ${opset[3]}: export with a lower opset_version`,
    )
  const irVersion = newIrVersion.exec(text)
  if (irVersion !== null)
    return refuse(
      'Unreadable',
      `has IR version ${irVersion[1]}, and ONNX Runtime 1.27 knows up to ${irVersion[2]}: export with an older onnx package`,
    )
  const type = unknownType.exec(text)
  if (type !== null)
    return refuse(
      'UnsupportedType',
      `has an input or output of type ${unsupportedTypes.get(Number(type[1])) ?? type[1]}, which the Open Inference Protocol cannot carry: cast it within the model`,
    )
  return refuse('Unreadable', `cannot be loaded: ${runtimeSentence(error)}`)
}

const sourceLocation = /^\S+\.(?:h|cc|cpp):\d+ .*?\) (?=[A-Z])/

/** ONNX Runtime's words in one line, without the file and function of its source. */
export function runtimeSentence(error: Error): string {
  const line = error.message.replaceAll(/\s+/g, ' ').replace(sourceLocation, '').trim()
  return line.slice(0, runtimeMessageCharactersMax)
}
