import { graphDepthMax } from './limits.ts'
import { type Field, readFields } from './protobuf-reader.ts'
import { quoteBytes } from './quote.ts'

/** An input or output as the file declares it. */
export type OnnxValue = {
  readonly name: string
  readonly kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'sparse tensor' | 'undeclared'
  /** Number of `TensorProto.DataType`; 0 where the file leaves it to be inferred. */
  readonly elementType: number
  /** Whether the file says how many dimensions there are. */
  readonly hasShape: boolean
}

/** What is looked at before ONNX Runtime is let near the file. */
export type OnnxFile = {
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  /** Weights that the file keeps in other files. */
  readonly external: readonly { readonly tensor: string; readonly location: string }[]
}
export type OnnxReading =
  | { readonly ok: true; readonly file: OnnxFile }
  | { readonly ok: false; readonly message: string }

/**
 * Reads the outline of an ONNX file: `onnx.proto` of ONNX 1.x, whose field numbers never change.
 * Hostile bytes are expected: each length is checked and nesting is bounded.
 */
export function readOnnx(bytes: Uint8Array): OnnxReading {
  const start = `its first bytes are ${quoteBytes(bytes)}`
  if (bytes.length === 0) return { ok: false, message: 'is not an ONNX model: it is empty' }
  const fields = readFields(bytes)
  if (!Array.isArray(fields)) {
    const looksRight = bytes[0] === 0x08 && fields.at >= 2
    return {
      ok: false,
      message: looksRight
        ? `is not a whole ONNX model: at byte ${fields.at} it ${fields.problem}`
        : `is not an ONNX model: ${start}`,
    }
  }
  const irVersion = fields.find(({ number, wire }) => number === 1 && wire === 'varint')
  const graph = messageOf(fields, 7)
  if (irVersion === undefined || graph === undefined)
    return { ok: false, message: `is not an ONNX model: ${start}` }
  const outline = readGraph(graph)
  if (outline === undefined)
    return { ok: false, message: 'is not an ONNX model: its graph cannot be read' }
  const external: External[] = []
  const isBounded = findExternal(fields, 'model', 0, external)
  if (!isBounded)
    return { ok: false, message: `nests graphs deeper than ${graphDepthMax}: flatten the model` }
  return { ok: true, file: { ...outline, external } }
}

function readGraph(graph: Uint8Array): Omit<OnnxFile, 'external'> | undefined {
  const fields = readFields(graph)
  if (!Array.isArray(fields)) return undefined
  const weights = new Set(bytesOf(fields, 5).map((tensor) => textOf(fieldsOf(tensor), 8)))
  const inputs = bytesOf(fields, 11)
    .map(readValue)
    .filter(({ name }) => !weights.has(name))
  return { inputs, outputs: bytesOf(fields, 12).map(readValue) }
}

const kinds = new Map<number, OnnxValue['kind']>([
  [1, 'tensor'],
  [4, 'sequence'],
  [5, 'map'],
  [8, 'sparse tensor'],
  [9, 'optional'],
])

function readValue(bytes: Uint8Array): OnnxValue {
  const fields = fieldsOf(bytes)
  const name = textOf(fields, 1)
  const type = fieldsOf(messageOf(fields, 2)).find(({ number }) => kinds.has(number))
  if (type === undefined || type.wire !== 'bytes')
    return { name, kind: 'undeclared', elementType: 0, hasShape: false }
  const tensor = fieldsOf(type.bytes)
  const elementType = tensor.find(({ number, wire }) => number === 1 && wire === 'varint')
  return {
    name,
    kind: kinds.get(type.number)!,
    elementType: elementType?.wire === 'varint' ? elementType.value : 0,
    hasShape: tensor.some(({ number }) => number === 2),
  }
}

type External = { tensor: string; location: string }
type Message = 'model' | 'graph' | 'function' | 'node' | 'attribute' | 'sparse'

/** Which fields of a message lead to tensors, and what they are. */
const children: Readonly<Record<Message, ReadonlyMap<number, Message | 'tensor'>>> = {
  model: new Map<number, Message>([
    [7, 'graph'],
    [25, 'function'],
  ]),
  graph: new Map<number, Message | 'tensor'>([
    [1, 'node'],
    [5, 'tensor'],
    [15, 'sparse'],
  ]),
  function: new Map<number, Message>([[7, 'node']]),
  node: new Map<number, Message>([[5, 'attribute']]),
  attribute: new Map<number, Message | 'tensor'>([
    [5, 'tensor'],
    [6, 'graph'],
    [10, 'tensor'],
    [11, 'graph'],
    [22, 'sparse'],
    [23, 'sparse'],
  ]),
  sparse: new Map<number, 'tensor'>([
    [1, 'tensor'],
    [2, 'tensor'],
  ]),
}

/** Collects tensors that lie outside the file; false when graphs nest too deep. */
function findExternal(
  fields: readonly Field[],
  message: Message,
  depth: number,
  found: External[],
): boolean {
  if (depth > graphDepthMax) return false
  for (const field of fields) {
    const child = children[message].get(field.number)
    if (child === undefined || field.wire !== 'bytes') continue
    if (child === 'tensor') addExternal(field.bytes, found)
    else {
      const nextDepth = child === 'graph' ? depth + 1 : depth
      if (!findExternal(fieldsOf(field.bytes), child, nextDepth, found)) return false
    }
  }
  return true
}

function addExternal(tensor: Uint8Array, found: External[]): void {
  const fields = fieldsOf(tensor)
  const isExternal = fields.some(
    (field) => field.number === 14 && field.wire === 'varint' && field.value === 1,
  )
  const entries = bytesOf(fields, 13).map(fieldsOf)
  if (!isExternal && entries.length === 0) return
  const location = entries.find((entry) => textOf(entry, 1) === 'location')
  found.push({
    tensor: textOf(fields, 8),
    location: location === undefined ? '' : textOf(location, 2),
  })
}

/** A message's fields; one that is none has none, and ONNX Runtime will say what it thinks of it. */
function fieldsOf(bytes: Uint8Array | undefined): readonly Field[] {
  const fields = bytes === undefined ? [] : readFields(bytes)
  return Array.isArray(fields) ? fields : []
}

function bytesOf(fields: readonly Field[], number: number): Uint8Array[] {
  return fields.flatMap((field) =>
    field.number === number && field.wire === 'bytes' ? [field.bytes] : [],
  )
}

function messageOf(fields: readonly Field[], number: number): Uint8Array | undefined {
  return bytesOf(fields, number).at(-1)
}

const decoder = new TextDecoder()

function textOf(fields: readonly Field[], number: number): string {
  return decoder.decode(messageOf(fields, number))
}
