import { cloneJson, isPlainObject, isRawNumber, setKey } from '@skerry/base/json'
import type { Problem } from './problem.ts'
import type { Schema } from './schema.ts'

/** How many problems one object may have before the rest are left out. */
const problemsMax = 50

/** Every problem of a value against a structural schema, with its path. Unknown fields are not among them. */
export function validateSchema(schema: Schema, value: unknown, path: string): Problem[] {
  const problems: Problem[] = []
  check(schema, value, path, problems)
  return problems.slice(0, problemsMax)
}

function check(schema: Schema, value: unknown, path: string, problems: Problem[]): void {
  if (problems.length >= problemsMax) return
  if (value === null && schema.nullable) return
  if (schema['x-kubernetes-int-or-string']) {
    if (typeof value !== 'string' && !isInteger(value))
      problems.push(wrongType(path, value, 'an integer or a string'))
    return
  }
  switch (schema.type) {
    case 'object':
      return checkObject(schema, value, path, problems)
    case 'array':
      return checkArray(schema, value, path, problems)
    case 'string':
      return checkString(schema, value, path, problems)
    case 'integer':
      if (!isInteger(value)) problems.push(wrongType(path, value, 'an integer'))
      else checkRange(schema, value, path, problems)
      return
    case 'number':
      if (typeof value !== 'number' && !isRawNumber(value))
        problems.push(wrongType(path, value, 'a number'))
      else checkRange(schema, value, path, problems)
      return
    case 'boolean':
      if (typeof value !== 'boolean') problems.push(wrongType(path, value, 'true or false'))
      return
    case undefined:
      return
  }
}

function checkObject(schema: Schema, value: unknown, path: string, problems: Problem[]): void {
  if (!isPlainObject(value)) {
    problems.push(wrongType(path, value, 'an object'))
    return
  }
  for (const name of schema.required ?? [])
    if (value[name] === undefined || value[name] === null)
      problems.push({ path: join(path, name), type: 'Required', message: 'set this field' })
  if (schema.maxProperties !== undefined && Object.keys(value).length > schema.maxProperties)
    problems.push({
      path,
      type: 'TooMany',
      message: `must have at most ${schema.maxProperties} entries`,
    })
  for (const [name, member] of Object.entries(value)) {
    const memberSchema = ownSchema(schema, name)
    // Null says that a field is not set; that it must be has been said above.
    if (memberSchema === undefined || member === undefined || member === null) continue
    check(memberSchema, member, join(path, name), problems)
  }
}

function checkArray(schema: Schema, value: unknown, path: string, problems: Problem[]): void {
  if (!Array.isArray(value)) {
    problems.push(wrongType(path, value, 'a list'))
    return
  }
  if (schema.minItems !== undefined && value.length < schema.minItems)
    problems.push({ path, type: 'Invalid', message: `must have at least ${schema.minItems} items` })
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    problems.push({ path, type: 'TooMany', message: `must have at most ${schema.maxItems} items` })
    return
  }
  if (schema.items !== undefined)
    for (const [index, item] of value.entries())
      check(schema.items, item, `${path}[${index}]`, problems)
  checkUnique(schema, value, path, problems)
}

function checkUnique(schema: Schema, items: unknown[], path: string, problems: Problem[]): void {
  const keys = schema['x-kubernetes-list-map-keys']
  const isSet = schema['x-kubernetes-list-type'] === 'set'
  if (keys === undefined && !isSet) return
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const identity =
      keys === undefined || !isPlainObject(item)
        ? JSON.stringify(item)
        : JSON.stringify(keys.map((key) => item[key]))
    if (seen.has(identity))
      problems.push({
        path: `${path}[${index}]`,
        type: 'Duplicate',
        value:
          keys === undefined
            ? item
            : Object.fromEntries(
                keys.map((key) => [key, isPlainObject(item) ? item[key] : undefined]),
              ),
        message: 'each item may stand here once',
      })
    seen.add(identity)
  }
}

function checkString(schema: Schema, value: unknown, path: string, problems: Problem[]): void {
  if (typeof value !== 'string') {
    problems.push(wrongType(path, value, 'a string'))
    return
  }
  if (schema.enum !== undefined && !schema.enum.includes(value))
    problems.push({
      path,
      type: 'NotSupported',
      value,
      message: `supported values: ${schema.enum.map((item) => JSON.stringify(item)).join(', ')}`,
    })
  if (schema.minLength !== undefined && value.length < schema.minLength)
    problems.push({
      path,
      type: 'Invalid',
      value,
      message: `must have at least ${schema.minLength} characters`,
    })
  if (schema.maxLength !== undefined && value.length > schema.maxLength) {
    problems.push({
      path,
      type: 'TooLong',
      message: `must have at most ${schema.maxLength} characters, has ${value.length}`,
    })
    return
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    problems.push({ path, type: 'Invalid', value, message: `must match ${schema.pattern}` })
  if (schema.format === 'date-time' && !isTimestamp(value))
    problems.push({
      path,
      type: 'Invalid',
      value,
      message: 'must be a time as in RFC 3339, such as 2026-11-21T08:00:00Z',
    })
}

const timestampPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

function isTimestamp(text: string): boolean {
  return timestampPattern.test(text) && !Number.isNaN(Date.parse(text))
}

function checkRange(schema: Schema, value: unknown, path: string, problems: Problem[]): void {
  const amount = isRawNumber(value) ? Number(value.rawJSON) : (value as number)
  if (schema.minimum !== undefined && amount < schema.minimum)
    problems.push({ path, type: 'Invalid', value, message: `must be at least ${schema.minimum}` })
  if (schema.maximum !== undefined && amount > schema.maximum)
    problems.push({ path, type: 'Invalid', value, message: `must be at most ${schema.maximum}` })
}

/** A copy in which every absent field that has a default carries it. */
export function applyDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value) && schema.items !== undefined) {
    const items = schema.items
    return value.map((item) => applyDefaults(items, item))
  }
  if (!isPlainObject(value)) return value
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const memberSchema = ownSchema(schema, name)
    setKey(result, name, memberSchema === undefined ? member : applyDefaults(memberSchema, member))
  }
  for (const [name, memberSchema] of Object.entries(schema.properties ?? {}))
    if (memberSchema.default !== undefined && (result[name] === undefined || result[name] === null))
      result[name] = applyDefaults(memberSchema, cloneJson(memberSchema.default))
  return result
}

export type Pruned = { readonly value: unknown; readonly unknownFields: string[] }

/** A copy without the fields that the schema does not know, and the paths of those. */
export function pruneUnknown(schema: Schema, value: unknown, path: string): Pruned {
  const unknownFields: string[] = []
  return { value: prune(schema, value, path, unknownFields), unknownFields }
}

function prune(schema: Schema, value: unknown, path: string, unknownFields: string[]): unknown {
  if (Array.isArray(value)) {
    const items = schema.items
    return items === undefined
      ? value
      : value.map((item, index) => prune(items, item, `${path}[${index}]`, unknownFields))
  }
  if (!isPlainObject(value) || schema.type !== 'object') return value
  if (schema['x-kubernetes-preserve-unknown-fields']) return value
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const memberSchema = ownSchema(schema, name)
    if (memberSchema === undefined) unknownFields.push(join(path, name))
    else setKey(result, name, prune(memberSchema, member, join(path, name), unknownFields))
  }
  return result
}

function ownSchema(schema: Schema, name: string): Schema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name))
    return schema.properties[name]
  return schema.additionalProperties
}

function isInteger(value: unknown): boolean {
  return Number.isInteger(value) || isRawNumber(value)
}

function wrongType(path: string, value: unknown, wanted: string): Problem {
  return { path, type: 'TypeInvalid', value, message: `must be ${wanted}` }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
