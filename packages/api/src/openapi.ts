import { type AnyKind, apiVersionOf } from './kind.ts'
import {
  type Operation,
  type Parameter,
  type SubresourceVerbs,
  groupVersionPath,
  operationsOf,
  patchTypes,
} from './openapi-operation.ts'
import { groupVersionKind, refTo, schemasOf } from './openapi-schema.ts'

export type OpenApiDocument = Record<string, unknown>

const info = { title: 'Skerry', version: 'v1.36.0+skerry' }
const answerTypes = ['application/json', 'application/yaml']

/** The OpenAPI 3 documents, by the path after `/openapi/v3/`: `api/v1`, `apis/skerry.dev/v1alpha1`. */
export function openApiV3(
  kinds: readonly AnyKind[],
  subresourceVerbs: SubresourceVerbs,
): Map<string, OpenApiDocument> {
  return new Map(
    [...kindsByPath(kinds)].map(([path, members]) => [
      path,
      openApiV3Of(members, subresourceVerbs),
    ]),
  )
}

/** The kinds of each OpenAPI 3 document. */
export function kindsByPath(kinds: readonly AnyKind[]): Map<string, AnyKind[]> {
  return Map.groupBy(kinds, (kind) => groupVersionPath(kind).slice(1))
}

/** The document of the kinds of one version of a group. */
export function openApiV3Of(
  members: readonly AnyKind[],
  subresourceVerbs: SubresourceVerbs,
): OpenApiDocument {
  return {
    openapi: '3.0.0',
    info,
    paths: pathsOf(operationsOf(members, subresourceVerbs), operationV3),
    components: { schemas: schemasOf(members, 'v3') },
  }
}

/** The OpenAPI 2 document of all kinds. */
export function openApiV2(
  kinds: readonly AnyKind[],
  subresourceVerbs: SubresourceVerbs,
): OpenApiDocument {
  return {
    swagger: '2.0',
    info,
    paths: pathsOf(operationsOf(kinds, subresourceVerbs), operationV2),
    definitions: schemasOf(kinds, 'v2'),
  }
}

function pathsOf(
  operations: readonly Operation[],
  render: (operation: Operation) => object,
): Record<string, object> {
  const byPath = Map.groupBy(operations, (operation) => operation.path)
  return Object.fromEntries(
    [...byPath].map(([path, members]) => [
      path,
      Object.fromEntries(members.map((operation) => [operation.method, render(operation)])),
    ]),
  )
}

function told(operation: Operation): object {
  return {
    tags: [apiVersionOf(operation.kind).replaceAll(/[./]/g, '_')],
    description: operation.description,
    operationId: operation.id,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': groupVersionKind(operation.kind),
  }
}

const requestTypes = (operation: Operation): string[] =>
  operation.method === 'patch' ? patchTypes(operation.kind) : answerTypes

function operationV3(operation: Operation): object {
  const { request, response } = operation
  return {
    ...told(operation),
    parameters: operation.parameters.map((parameter) => ({
      ...placed(parameter),
      schema: { type: parameter.type },
    })),
    ...(request === undefined
      ? {}
      : { requestBody: { content: contentOf(requestTypes(operation), request) } }),
    responses: { '200': { description: 'OK', content: contentOf(answerTypes, response) } },
  }
}

function operationV2(operation: Operation): object {
  const { request, response } = operation
  const body =
    request === undefined ? [] : [{ name: 'body', in: 'body', schema: refTo(request, 'v2') }]
  return {
    ...told(operation),
    consumes: requestTypes(operation),
    produces: answerTypes,
    schemes: ['https'],
    parameters: [
      ...operation.parameters.map((parameter) => ({
        ...placed(parameter),
        type: parameter.type,
      })),
      ...body,
    ],
    responses: { '200': { description: 'OK', schema: refTo(response, 'v2') } },
  }
}

function placed(parameter: Parameter): object {
  return {
    name: parameter.name,
    in: parameter.in,
    description: parameter.description,
    ...(parameter.in === 'path' ? { required: true } : {}),
  }
}

function contentOf(mediaTypes: readonly string[], schema: string): object {
  return Object.fromEntries(mediaTypes.map((type) => [type, { schema: refTo(schema, 'v3') }]))
}
