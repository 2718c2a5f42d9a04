/**
 * Writes tiny ONNX models, for tests and benches: a minimal protocol buffers writer over `onnx.proto`.
 */
type Part = Uint8Array

const encoder = new TextEncoder()

function join(parts: readonly Part[]): Part {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function varint(value: number): Part {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Uint8Array.from([...bytes, rest])
}

const int = (number: number, value: number): Part => join([varint(number * 8), varint(value)])

export function message(number: number, parts: readonly Part[]): Part {
  const body = join(parts)
  return join([varint(number * 8 + 2), varint(body.length), body])
}

const text = (number: number, value: string): Part => message(number, [encoder.encode(value)])

export type FixtureValue = {
  readonly name: string
  /** Number of `TensorProto.DataType`: 1 FP32, 7 INT64, 8 string, … */
  readonly type: number
  /** A number, or a name for a dimension that may be any; absent: the file does not say. */
  readonly shape?: readonly (number | string)[]
}

function value(field: number, { name, type, shape }: FixtureValue): Part {
  const dimensions = shape?.map((dimension) =>
    message(1, [typeof dimension === 'number' ? int(1, dimension) : text(2, dimension)]),
  )
  const tensor = [int(1, type), ...(dimensions === undefined ? [] : [message(2, dimensions)])]
  return message(field, [text(1, name), message(2, [message(1, tensor)])])
}

/** An attribute of a node; `parts` are the fields of AttributeProto after its name. */
export const attribute = (name: string, parts: readonly Part[]): Part =>
  message(5, [text(1, name), ...parts])

export const intAttribute = (name: string, number: number): Part =>
  attribute(name, [int(3, number), int(20, 2)])

/** A tensor's fields. `data` is little-endian; `location` puts it outside the file. */
export function tensor(
  field: number,
  options: {
    readonly name: string
    readonly type: number
    readonly dims: readonly number[]
    readonly data?: Uint8Array
    readonly location?: string
  },
): Part {
  const { name, type, dims, data, location } = options
  return message(field, [
    ...dims.map((dimension) => int(1, dimension)),
    int(2, type),
    text(8, name),
    ...(data === undefined ? [] : [message(9, [data])]),
    ...(location === undefined
      ? []
      : [message(13, [text(1, 'location'), text(2, location)]), int(14, 1)]),
  ])
}

export type FixtureNode = {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly domain?: string
  readonly attributes?: readonly Part[]
}

export type FixtureModel = {
  readonly inputs: readonly FixtureValue[]
  readonly outputs: readonly FixtureValue[]
  readonly nodes: readonly FixtureNode[]
  /** Made by `tensor(5, …)`. */
  readonly weights?: readonly Part[]
  readonly irVersion?: number
  readonly opset?: number
}

/** The bytes of an ONNX file. */
export function writeOnnx(model: FixtureModel): Uint8Array {
  const nodes = model.nodes.map(({ op, inputs, outputs, domain, attributes }) =>
    message(1, [
      ...inputs.map((name) => text(1, name)),
      ...outputs.map((name) => text(2, name)),
      text(4, op),
      ...(attributes ?? []),
      ...(domain === undefined ? [] : [text(7, domain)]),
    ]),
  )
  const graph = message(7, [
    ...nodes,
    text(2, 'fixture'),
    ...(model.weights ?? []),
    ...model.inputs.map((input) => value(11, input)),
    ...model.outputs.map((output) => value(12, output)),
  ])
  const domains = new Set(model.nodes.flatMap(({ domain }) => domain ?? []))
  const opsets = [
    message(8, [text(1, ''), int(2, model.opset ?? 17)]),
    ...[...domains].map((domain) => message(8, [text(1, domain), int(2, 1)])),
  ]
  return join([int(1, model.irVersion ?? 8), graph, ...opsets])
}

/** A model that gives back what it gets, of one element type. */
export function identityModel(
  type: number,
  shape: readonly (number | string)[] = ['n'],
): Uint8Array {
  return writeOnnx({
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type, shape }],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  })
}
