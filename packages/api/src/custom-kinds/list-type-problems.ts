import { toError } from '@skerry/base/assert'
import { isPlainObject } from '@skerry/base/json'
import { RE2JS } from 're2js'
import type { Problem } from '../problem.ts'
import type { JsonSchemaProps } from './json-schema-props.ts'

const quoted = (values: readonly string[]): string =>
  `supported values: ${values.map((value) => JSON.stringify(value)).join(', ')}`

/** A pattern that RE2 does not take is refused: what the server cannot bound it does not run. */
export function patternProblems({ pattern }: JsonSchemaProps, path: string): Problem[] {
  if (pattern === undefined) return []
  const why = patternFault(pattern)
  return why === undefined
    ? []
    : [
        {
          path: `${path}.pattern`,
          type: 'Invalid',
          value: pattern,
          message: `must be a valid regular expression, but isn't: ${why}`,
        },
      ]
}

/** Why a pattern is none, in the words of Go's `regexp`. */
export function patternFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (thrown) {
    return toError(thrown).message
  }
}

/** Lists that are sets or maps, and maps that are one value. */
export function listProblems(props: JsonSchemaProps, path: string): Problem[] {
  return [
    ...listTypeProblems(props, path),
    ...keyProblems(props, path),
    ...mapProblems(props, path),
  ]
}

const listType = 'x-kubernetes-list-type'
const mapKeys = 'x-kubernetes-list-map-keys'
const mapType = 'x-kubernetes-map-type'

function listTypeProblems(props: JsonSchemaProps, path: string): Problem[] {
  const type = props[listType]
  const keys = props[mapKeys] ?? []
  if (type === undefined)
    return keys.length === 0
      ? []
      : [
          {
            path: `${path}.${listType}`,
            type: 'Required',
            message: 'must be map if x-kubernetes-list-map-keys is non-empty',
          },
        ]
  if (props.type !== 'array')
    return [
      {
        path: `${path}.type`,
        type: 'Invalid',
        value: props.type ?? '',
        message: 'must be array if x-kubernetes-list-type is specified',
      },
    ]
  if (type !== 'atomic' && type !== 'set' && type !== 'map')
    return [
      {
        path: `${path}.${listType}`,
        type: 'NotSupported',
        value: type,
        message: quoted(['atomic', 'set', 'map']),
      },
    ]
  const items = isPlainObject(props.items) ? (props.items as JsonSchemaProps) : {}
  return type === 'set' ? setItemProblems(items, path) : []
}

function setItemProblems(items: JsonSchemaProps, path: string): Problem[] {
  if (items.nullable === true)
    return [
      {
        path: `${path}.items.nullable`,
        type: 'Forbidden',
        message: 'cannot be nullable when x-kubernetes-list-type is set',
      },
    ]
  const needs = (extension: string): Problem => ({
    path: `${path}.items.${extension}`,
    type: 'Invalid',
    value: (items[extension as keyof JsonSchemaProps] as string | undefined) ?? null,
    message: 'must be atomic as item of a list with x-kubernetes-list-type=set',
  })
  if (items.type === 'object' && items[mapType] !== 'atomic') return [needs(mapType)]
  if (items.type === 'array' && (items[listType] ?? 'atomic') !== 'atomic') return [needs(listType)]
  return []
}

function keyProblems(props: JsonSchemaProps, path: string): Problem[] {
  if (props[listType] !== 'map') return []
  const keys = props[mapKeys] ?? []
  const at = `${path}.${mapKeys}`
  if (keys.length === 0)
    return [
      {
        path: at,
        type: 'Required',
        message: 'must not be empty if x-kubernetes-list-type is map',
      },
    ]
  const items = isPlainObject(props.items) ? (props.items as JsonSchemaProps) : {}
  if (items.type !== 'object')
    return [
      {
        path: `${path}.items.type`,
        type: 'Invalid',
        value: items.type ?? '',
        message: "must be object if parent array's x-kubernetes-list-type is map",
      },
    ]
  const properties = items.properties ?? {}
  if (keys.some((key) => !Object.hasOwn(properties, key)))
    return [
      {
        path: at,
        type: 'Invalid',
        value: keys,
        message: 'entries must all be names of item properties',
      },
    ]
  const twice = keys.findIndex((key, index) => keys.indexOf(key) !== index)
  if (twice >= 0)
    return [{ path: `${at}[${twice}]`, type: 'Duplicate', value: keys[twice], message: '' }]
  return keys
    .filter((key) => properties[key]?.default === undefined && !items.required?.includes(key))
    .map((key) => ({
      path: `${path}.items.properties[${key}].default`,
      type: 'Required',
      message:
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
    }))
}

function mapProblems(props: JsonSchemaProps, path: string): Problem[] {
  const type = props[mapType]
  if (type === undefined) return []
  if (type !== 'atomic' && type !== 'granular')
    return [
      {
        path: `${path}.${mapType}`,
        type: 'NotSupported',
        value: type,
        message: quoted(['atomic', 'granular']),
      },
    ]
  return props.type === 'object'
    ? []
    : [
        {
          path: `${path}.type`,
          type: 'Invalid',
          value: props.type ?? '',
          message: 'must be object if x-kubernetes-map-type is specified',
        },
      ]
}
