import { equalJson, isPlainObject } from '@skerry/base/json'
import type { Problem } from '../problem.ts'
import { pruneUnknown } from '../schema-prune.ts'
import { validateSchema } from '../schema-validate.ts'
import type { JsonSchemaProps } from './json-schema-props.ts'
import { listProblems, patternProblems } from './list-type-problems.ts'
import { schemaOfProps } from './schema-of-props.ts'

/** Where in a schema we are: the rules differ. */
type Place = {
  readonly path: string
  readonly role: 'root' | 'property' | 'item' | 'metadata'
  /** Below allOf, anyOf, oneOf or not: there only values may be limited, no structure made. */
  readonly isNested: boolean
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']

const notSupported = [
  '$ref',
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
] as const

/** Everything that keeps a user's schema from being structural, in Kubernetes' words. */
export function structuralProblems(props: JsonSchemaProps, path: string): Problem[] {
  return problemsOf(props, { path, role: 'root', isNested: false })
}

function problemsOf(props: JsonSchemaProps, place: Place): Problem[] {
  const { path, isNested } = place
  const own = [
    ...forbiddenProblems(props, path),
    ...patternProblems(props, path),
    ...flagProblems(props, path),
  ]
  const structure = isNested
    ? nestedProblems(props, path)
    : [...typeProblems(props, place), ...listProblems(props, path), ...defaultProblems(props, path)]
  return [...own, ...structure, ...memberProblems(props, place)]
}

function forbiddenProblems(props: JsonSchemaProps, path: string): Problem[] {
  const forbid = (name: string, message: string): Problem => ({
    path: `${path}.${name}`,
    type: 'Forbidden',
    message,
  })
  const problems: Problem[] = []
  if (props.uniqueItems === true)
    problems.push(
      forbid(
        'uniqueItems',
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  for (const name of notSupported)
    if (props[name] !== undefined) problems.push(forbid(name, `${name} is not supported`))
  if (props.additionalProperties !== undefined && Object.keys(props.properties ?? {}).length > 0)
    problems.push(
      forbid('additionalProperties', 'additionalProperties and properties are mutual exclusive'),
    )
  if (Array.isArray(props.items))
    problems.push(forbid('items', 'items must be a schema object and not an array'))
  return problems
}

function flagProblems(props: JsonSchemaProps, path: string): Problem[] {
  const problems: Problem[] = []
  const preserve = 'x-kubernetes-preserve-unknown-fields'
  if (props[preserve] === false)
    problems.push({
      path: `${path}.${preserve}`,
      type: 'Invalid',
      value: false,
      message: 'must be true or undefined',
    })
  if (props['x-kubernetes-embedded-resource'] === true) {
    if (props.type !== 'object')
      problems.push({
        path: `${path}.type`,
        type: 'Invalid',
        value: props.type ?? '',
        message: 'must be object if x-kubernetes-embedded-resource is true',
      })
    if (props[preserve] !== true && Object.keys(props.properties ?? {}).length === 0)
      problems.push({
        path: `${path}.properties`,
        type: 'Required',
        message:
          'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      })
  }
  return problems
}

const emptyInside = ['type', 'description', 'title', 'nullable'] as const
const undefinedInside = ['default', 'additionalProperties'] as const

/** Below a combination nothing may be said of structure, so that pruning and defaults need not look there. */
function nestedProblems(props: JsonSchemaProps, path: string): Problem[] {
  const forbid = (name: string, message: string): Problem => ({
    path: `${path}.${name}`,
    type: 'Forbidden',
    message,
  })
  const extensions = Object.keys(props).filter(
    (name) => name.startsWith('x-kubernetes-') && name !== 'x-kubernetes-validations',
  )
  return [
    ...emptyInside.flatMap((name) =>
      props[name] === undefined || props[name] === ''
        ? []
        : [forbid(name, 'must be empty to be structural')],
    ),
    ...undefinedInside.flatMap((name) =>
      props[name] === undefined ? [] : [forbid(name, 'must be undefined to be structural')],
    ),
    ...extensions.map((name) => forbid(name, 'must be false to be structural')),
  ]
}

const emptyTypes: Readonly<Record<Place['role'], string>> = {
  root: 'must not be empty at the root',
  property: 'must not be empty for specified object fields',
  metadata: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
}

function typeProblems(props: JsonSchemaProps, { path, role }: Place): Problem[] {
  const { type = '' } = props
  const mayBeOpen =
    props['x-kubernetes-int-or-string'] === true ||
    props['x-kubernetes-preserve-unknown-fields'] === true
  const at = `${path}.type`
  if (props.$ref !== undefined) return []
  if (type === '')
    return mayBeOpen && role !== 'root'
      ? []
      : [{ path: at, type: 'Required', message: emptyTypes[role] }]
  if (!types.includes(type))
    return [
      {
        path: at,
        type: 'NotSupported',
        value: type,
        message: `supported values: ${types.map((each) => JSON.stringify(each)).join(', ')}`,
      },
    ]
  if (role === 'root' && type !== 'object')
    return [{ path: at, type: 'Invalid', value: type, message: 'must be object at the root' }]
  return type === 'array' && props.items === undefined
    ? [{ path: `${path}.items`, type: 'Required', message: 'must be specified' }]
    : []
}

function defaultProblems(props: JsonSchemaProps, path: string): Problem[] {
  const value = props.default
  if (value === undefined) return []
  const schema = schemaOfProps(props)
  if (pruneUnknown(schema, value, '').unknownFields.length > 0)
    return [
      { path: `${path}.default`, type: 'Invalid', value, message: 'must not have unknown fields' },
    ]
  return validateSchema(schema, value, '').map((problem) => ({
    ...problem,
    path: problem.path === '' ? `${path}.default` : `${path}.default.${problem.path}`,
  }))
}

/** `anyOf: [{type: integer}, {type: string}]` beside int-or-string is how generators write it. */
const intOrString = [{ type: 'integer' }, { type: 'string' }]

function memberProblems(props: JsonSchemaProps, place: Place): Problem[] {
  const { path, isNested, role } = place
  const isObject = role === 'root' || props['x-kubernetes-embedded-resource'] === true
  const problems: Problem[] = []
  for (const [name, member] of Object.entries(props.properties ?? {})) {
    const at: Place = { path: `${path}.properties[${name}]`, role: 'property', isNested }
    if (isObject && name === 'metadata') problems.push(...metadataProblems(member, at.path))
    else if (isObject && (name === 'apiVersion' || name === 'kind')) {
      if (member.type !== 'string' && !isNested)
        problems.push({
          path: `${at.path}.type`,
          type: 'Invalid',
          value: member.type ?? '',
          message: 'must be string',
        })
    } else problems.push(...problemsOf(member, at))
  }
  if (isPlainObject(props.items))
    problems.push(...problemsOf(props.items, { path: `${path}.items`, role: 'item', isNested }))
  if (isPlainObject(props.additionalProperties))
    problems.push(
      ...problemsOf(props.additionalProperties, {
        path: `${path}.additionalProperties`,
        role: 'property',
        isNested,
      }),
    )
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    if (name === 'anyOf' && isIntOrString(props)) continue
    for (const [index, member] of (props[name] ?? []).entries())
      if (!(name === 'allOf' && isIntOrString({ ...props, anyOf: member.anyOf ?? [] })))
        problems.push(...nested(member, `${path}.${name}[${index}]`))
  }
  if (props.not !== undefined) problems.push(...nested(props.not, `${path}.not`))
  return problems
}

function isIntOrString(props: JsonSchemaProps): boolean {
  return props['x-kubernetes-int-or-string'] === true && equalJson(props.anyOf, intOrString)
}

const nested = (props: JsonSchemaProps, path: string): Problem[] =>
  problemsOf(props, { path, role: 'property', isNested: true })

function metadataProblems(props: JsonSchemaProps, path: string): Problem[] {
  const problems: Problem[] = []
  if (props.type !== 'object')
    problems.push({
      path: `${path}.type`,
      type: 'Invalid',
      value: props.type ?? '',
      message: 'must be object',
    })
  const names = Object.keys(props.properties ?? {})
  if (names.some((name) => name !== 'name' && name !== 'generateName'))
    problems.push({
      path,
      type: 'Forbidden',
      message:
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
    })
  if (props.default !== undefined)
    problems.push({
      path: `${path}.default`,
      type: 'Forbidden',
      message: 'must not be set in top-level metadata',
    })
  return [
    ...problems,
    ...Object.entries(props.properties ?? {}).flatMap(([name, member]) =>
      patternProblems(member, `${path}.properties[${name}]`),
    ),
  ]
}
