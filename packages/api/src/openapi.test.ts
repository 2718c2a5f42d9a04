import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { apiVersionOf } from './kind.ts'
import { kinds } from './kinds.ts'
import { openApiV2, openApiV3 } from './openapi.ts'
import { schemaName } from './openapi-schema.ts'

const verbsOf = () => ['create']
const v3 = openApiV3(kinds, verbsOf)
const v2 = openApiV2(kinds, verbsOf)

type Operation = {
  'x-kubernetes-action': string
  'x-kubernetes-group-version-kind': { group: string; version: string; kind: string }
  operationId: string
  parameters: { name: string; in: string }[]
  requestBody?: { content: Record<string, unknown> }
  consumes?: string[]
}
type Paths = Record<string, Record<string, Operation>>

/** Every `$ref` below a value. */
function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : refsOf(member),
  )
}

describe('openApiV3', () => {
  it('has one document for each group and version', () => {
    assert.deepEqual(
      [...v3.keys()].toSorted(),
      [
        ...new Set(
          kinds.map((kind) => (kind.group === '' ? 'api/v1' : `apis/${apiVersionOf(kind)}`)),
        ),
      ].toSorted(),
    )
  })
  it('refers to nothing that is not there', () => {
    for (const document of v3.values()) {
      const { schemas } = document['components'] as { schemas: Record<string, unknown> }
      for (const reference of refsOf(document))
        assert.ok(Object.hasOwn(schemas, reference.replace('#/components/schemas/', '')), reference)
    }
  })
  it('names every kind by group, version and kind, as explain looks it up', () => {
    for (const kind of kinds) {
      const document = v3.get(kind.group === '' ? 'api/v1' : `apis/${apiVersionOf(kind)}`)!
      const { schemas } = document['components'] as {
        schemas: Record<string, Record<string, unknown>>
      }
      const { group, version, kind: name } = kind
      assert.deepEqual(schemas[schemaName(kind)]!['x-kubernetes-group-version-kind'], [
        { group, version, kind: name },
      ])
    }
  })
  it('tells clients of fieldValidation and dryRun, and of the patches that each kind takes', () => {
    const paths = v3.get('apis/skerry.dev/v1alpha1')!['paths'] as Paths
    const patch = paths['/apis/skerry.dev/v1alpha1/namespaces/{namespace}/sites/{name}']!['patch']!
    const names = patch.parameters.map(({ name }) => name)
    for (const name of ['namespace', 'name', 'fieldValidation', 'dryRun'])
      assert.ok(names.includes(name), name)
    const types = (operation: Operation) => Object.keys(operation.requestBody!.content)
    assert.ok(!types(patch).includes('application/strategic-merge-patch+json'))
    const core = v3.get('api/v1')!['paths'] as Paths
    const map = core['/api/v1/namespaces/{namespace}/configmaps/{name}']!['patch']!
    assert.ok(types(map).includes('application/strategic-merge-patch+json'))
  })
  it('gives every operation an id of its own', () => {
    const ids = [...v3.values()].flatMap((document) =>
      Object.values(document['paths'] as Paths).flatMap((path) =>
        Object.values(path).map(({ operationId }) => operationId),
      ),
    )
    assert.equal(new Set(ids).size, ids.length)
  })
  it('has the verbs of subresources', () => {
    const paths = v3.get('apis/skerry.dev/v1alpha1')!['paths'] as Paths
    const pause = '/apis/skerry.dev/v1alpha1/namespaces/{namespace}/rollouts/{name}/pause'
    assert.deepEqual(Object.keys(paths[pause]!), ['post'])
  })
})

describe('openApiV2', () => {
  it('refers to nothing that is not there, and knows no nullable', () => {
    const definitions = v2['definitions'] as Record<string, unknown>
    for (const reference of refsOf(v2))
      assert.ok(Object.hasOwn(definitions, reference.replace('#/definitions/', '')), reference)
    assert.doesNotMatch(JSON.stringify(v2), /"nullable"/)
  })
})
