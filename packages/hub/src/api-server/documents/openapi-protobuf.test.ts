import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '@skerry/api/kinds'
import { openApiV2 } from '@skerry/api/openapi'
import { openApiV2Protobuf } from './openapi-protobuf.ts'
import { type Message, readMessage } from '../wire/protobuf-reader.ts'

const text = (name: string) => ({ name, type: 'string' }) as const
const one = (name: string, type: Message) => ({ name, type })
const many = (name: string, type: Message) => ({ name, type, shape: 'list' }) as const
const anyValue: Message = { 2: text('yaml') }
const extension: Message = { 1: text('name'), 2: one('value', anyValue) }
const typeItem: Message = { 1: text('value') }
const property: Message = {
  1: text('$ref'),
  4: text('description'),
  5: one('default', anyValue),
  22: one('type', typeItem),
  31: many('extensions', extension),
}
const namedProperty: Message = { 1: text('name'), 2: one('value', property) }
const properties: Message = { 1: many('all', namedProperty) }
const definition: Message = {
  19: { name: 'required', type: 'string', shape: 'list' },
  22: one('type', typeItem),
  25: one('properties', properties),
  31: many('extensions', extension),
}
const definitions: Message = {
  1: many('all', { 1: text('name'), 2: one('value', definition) }),
}
const paths: Message = {
  2: many('all', {
    1: text('name'),
    2: one('value', { 2: one('get', { 5: text('operationId') }) }),
  }),
}
const documentMessage: Message = {
  1: text('swagger'),
  2: one('info', { 1: text('title'), 2: text('version') }),
  8: one('paths', paths),
  9: one('definitions', definitions),
}

test('a schema, its types, defaults and extensions are read as they were written', () => {
  const schema = {
    type: 'object',
    required: ['site'],
    properties: {
      site: { type: 'string', description: 'Where it stands: Zürich.' },
      __proto__x: { $ref: '#/definitions/y' },
      seconds: { type: 'integer', default: 60 },
    },
    'x-kubernetes-group-version-kind': [{ group: 'g', version: 'v1', kind: 'K' }],
  }
  const written = openApiV2Protobuf({
    swagger: '2.0',
    info: { title: 'Skerry', version: '1' },
    paths: { '/x': { get: { operationId: 'readX', responses: {} } } },
    definitions: { 'g.v1.K': schema },
  })
  assert.deepEqual(readMessage(documentMessage, written), {
    swagger: '2.0',
    info: { title: 'Skerry', version: '1' },
    paths: { all: [{ name: '/x', value: { get: { operationId: 'readX' } } }] },
    definitions: {
      all: [
        {
          name: 'g.v1.K',
          value: {
            required: ['site'],
            type: { value: 'object' },
            properties: {
              all: [
                {
                  name: 'site',
                  value: { type: { value: 'string' }, description: 'Where it stands: Zürich.' },
                },
                { name: '__proto__x', value: { $ref: '#/definitions/y' } },
                { name: 'seconds', value: { type: { value: 'integer' }, default: { yaml: '60' } } },
              ],
            },
            extensions: [
              {
                name: 'x-kubernetes-group-version-kind',
                value: { yaml: '[{"group":"g","version":"v1","kind":"K"}]' },
              },
            ],
          },
        },
      ],
    },
  })
})

test('every path and definition of our kinds is there', () => {
  const document = openApiV2(kinds, () => ['get']) as { paths: object; definitions: object }
  const read = readMessage(documentMessage, openApiV2Protobuf(document)) as {
    paths: { all: { name: string }[] }
    definitions: { all: { name: string }[] }
  }
  const names = (of: { all: { name: string }[] }) => of.all.map(({ name }) => name)
  assert.deepEqual(names(read.paths), Object.keys(document.paths))
  assert.deepEqual(names(read.definitions), Object.keys(document.definitions))
})
