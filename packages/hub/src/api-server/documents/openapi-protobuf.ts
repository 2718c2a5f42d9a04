import { ProtobufWriter } from '../wire/protobuf-writer.ts'

/**
 * The OpenAPI 2 document as gnostic's `openapi.v2.Document`. client-go asks for it in this form alone and
 * does not fall back to JSON: `kubectl create -f` with a List in it, Argo CD and Helm do so.
 * Field numbers are those of github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto.
 */
export function openApiV2Protobuf(document: object): Buffer {
  const { swagger, info, paths, definitions } = document as Json
  return message()
    .text(1, swagger)
    .bytes(2, message().text(1, objectOf(info)['title']).text(2, objectOf(info)['version']).end())
    .bytes(8, named(2, paths, pathItem))
    .bytes(9, named(1, definitions, schema))
    .end()
}

/** What client-go names in `Accept`, today and before Kubernetes 1.27. */
export const openApiV2ProtobufTypes = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
] as const

type Json = Record<string, unknown>
const message = () => new ProtobufWriter()
const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A map, which is a list of names with values. */
function named(number: number, map: unknown, write: (value: unknown) => Buffer): Buffer {
  const writer = message()
  for (const [name, value] of Object.entries(objectOf(map)))
    writer.bytes(number, message().text(1, name).bytes(2, write(value)).end())
  return writer.end()
}

/** Any value is YAML in words, and JSON is YAML. */
const any = (value: unknown): Buffer | undefined =>
  value === undefined ? undefined : message().text(2, JSON.stringify(value)).end()

function extensions(writer: ProtobufWriter, number: number, of: Json): ProtobufWriter {
  for (const [name, value] of Object.entries(of))
    if (name.startsWith('x-'))
      writer.bytes(number, message().text(1, name).bytes(2, any(value)).end())
  return writer
}

const operations = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 } as const

function pathItem(value: unknown): Buffer {
  const item = objectOf(value)
  const writer = message()
  for (const [name, number] of Object.entries(operations))
    if (item[name] !== undefined) writer.bytes(number, operation(objectOf(item[name])))
  for (const each of listOf(item['parameters'])) writer.bytes(9, parameter(objectOf(each)))
  return extensions(writer, 10, item).end()
}

function operation(of: Json): Buffer {
  const writer = message()
    .texts(1, of['tags'])
    .text(3, of['description'])
    .text(5, of['operationId'])
    .texts(6, of['produces'])
    .texts(7, of['consumes'])
  for (const each of listOf(of['parameters'])) writer.bytes(8, parameter(objectOf(each)))
  writer.bytes(9, named(1, of['responses'], response)).texts(10, of['schemes'])
  return extensions(writer, 13, of).end()
}

const parameterPlaces: Readonly<Record<string, number>> = { header: 1, query: 3, path: 4 }

/** A reference, or a parameter: of the body, or of another place. */
function parameter(of: Json): Buffer {
  if (of['$ref'] !== undefined) return message().bytes(2, message().text(1, of['$ref']).end()).end()
  const body = of['in'] === 'body'
  const written = body ? bodyParameter(of) : placedParameter(of)
  return message()
    .bytes(
      1,
      message()
        .bytes(body ? 1 : 2, written)
        .end(),
    )
    .end()
}

function bodyParameter(of: Json): Buffer {
  return message()
    .text(1, of['description'])
    .text(2, of['name'])
    .text(3, of['in'])
    .boolean(4, of['required'])
    .bytes(5, schema(of['schema']))
    .end()
}

function placedParameter(of: Json): Buffer {
  const place = parameterPlaces[String(of['in'])] ?? parameterPlaces['query']!
  // Parameters of the query may be empty, which takes a number that the others do not have.
  const type = place === parameterPlaces['query'] ? 6 : 5
  const written = message()
    .boolean(1, of['required'])
    .text(2, of['in'])
    .text(3, of['description'])
    .text(4, of['name'])
    .text(type, of['type'])
  return message().bytes(place, written.end()).end()
}

function response(value: unknown): Buffer {
  const of = objectOf(value)
  const written = message().text(1, of['description'])
  if (of['schema'] !== undefined) written.bytes(2, message().bytes(1, schema(of['schema'])).end())
  return message().bytes(1, written.end()).end()
}

function schema(value: unknown): Buffer {
  const of = objectOf(value)
  const { additionalProperties, items, properties, type } = of
  const writer = message()
    .text(1, of['$ref'])
    .text(2, of['format'])
    .text(3, of['title'])
    .text(4, of['description'])
    .bytes(5, any(of['default']))
    .double(6, of['multipleOf'])
    .double(7, of['maximum'])
    .boolean(8, of['exclusiveMaximum'])
    .double(9, of['minimum'])
    .boolean(10, of['exclusiveMinimum'])
    .integer(11, of['maxLength'])
    .integer(12, of['minLength'])
    .text(13, of['pattern'])
    .integer(14, of['maxItems'])
    .integer(15, of['minItems'])
    .boolean(16, of['uniqueItems'])
    .integer(17, of['maxProperties'])
    .integer(18, of['minProperties'])
    .texts(19, of['required'])
  for (const each of listOf(of['enum'])) writer.bytes(20, any(each))
  if (additionalProperties !== undefined)
    writer.bytes(
      21,
      typeof additionalProperties === 'boolean'
        ? message().boolean(2, additionalProperties).end()
        : message().bytes(1, schema(additionalProperties)).end(),
    )
  if (type !== undefined) writer.bytes(22, message().text(1, type).end())
  if (items !== undefined) writer.bytes(23, message().bytes(1, schema(items)).end())
  for (const each of listOf(of['allOf'])) writer.bytes(24, schema(each))
  if (properties !== undefined) writer.bytes(25, named(1, properties, schema))
  return extensions(writer, 31, of).end()
}
