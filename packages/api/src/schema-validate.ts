import { equalJson, isPlainObject, isRawNumber } from '@skerry/base/json'
import { objectMetaSchema } from './object.ts'
import type { Problem } from './problem.ts'
import type { Schema } from './schema.ts'
import { checkEnum, checkNumber, checkString, isInteger, nowhere } from './schema-scalar.ts'

/** How many problems one object may have before the rest are left out. */
const problemsMax = 50

type Walk = {
  readonly problems: Problem[]
  /** What stood here before: what was wrong already and did not change may stay. */
  before: unknown
}

/**
 * Every problem of a value against a structural schema, with its path, in the words of Kubernetes'
 * validator of custom resources. Unknown fields are not among them. With `before`, what did not change is let be.
 */
export function validateSchema(
  schema: Schema,
  value: unknown,
  path: string,
  before?: unknown,
): Problem[] {
  const walk: Walk = { problems: [], before }
  check(walk, schema, value, path)
  return walk.problems.slice(0, problemsMax)
}

function check(walk: Walk, schema: Schema, value: unknown, path: string): void {
  const { problems, before } = walk
  if (problems.length >= problemsMax) return
  if (value === null && schema.nullable) return
  const first = problems.length
  if (schema.recursive !== undefined) check(walk, schema.recursive(), value, path)
  else checkValue(walk, schema, value, path)
  walk.before = before
  if (problems.length > first && before !== undefined && equalJson(value, before))
    problems.length = first
}

function checkValue(walk: Walk, schema: Schema, value: unknown, path: string): void {
  const { problems } = walk
  const add = (problem: Problem): unknown => problems.push(problem)
  const wrong = wrongType(schema, value)
  if (wrong !== undefined) {
    const isTooLong = isRawNumber(value) && schema.format === 'int64'
    const [type, found] = isTooLong ? ['int64', 'float64'] : [wrong, typeName(value)]
    const message = `${path} in body must be of type ${type}: "${found}"`
    add({ path, type: 'TypeInvalid', value: found, message })
    if (schema.type === 'integer' && (typeof value === 'number' || isRawNumber(value)))
      add({
        path: nowhere,
        type: 'Invalid',
        value: '',
        message: `Checked value must be of type integer ${isTooLong ? 'with format int64' : '(default format)'} in ${path}`,
      })
    return
  }
  if (schema.allOf ?? schema.anyOf ?? schema.oneOf ?? schema.not)
    checkCombined(walk, schema, value, path)
  if (schema.enum !== undefined) checkEnum(schema, value, path, add)
  if (typeof value === 'string') checkString(schema, value, path, add)
  else if (typeof value === 'number' || isRawNumber(value)) checkNumber(schema, value, path, add)
  else if (Array.isArray(value)) checkArray(walk, schema, value, path)
  else if (isPlainObject(value)) checkObject(walk, schema, value, path)
}

/** What the type should be, if it is not. */
function wrongType(schema: Schema, value: unknown): string | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return typeof value === 'string' || isInteger(value) ? undefined : 'integer,string'
  const { type } = schema
  const isRight =
    type === undefined ||
    (type === 'integer' ? isInteger(value) : typeName(value) === type) ||
    (type === 'number' && (isInteger(value) || isRawNumber(value)))
  return isRight ? undefined : type
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (isInteger(value)) return 'integer'
  return isRawNumber(value) ? 'number' : typeof value
}

function checkCombined(walk: Walk, schema: Schema, value: unknown, path: string): void {
  const { problems } = walk
  const tryOne = (one: Schema): Problem[] => {
    const own: Walk = { problems: [], before: undefined }
    checkValue(own, one, value, path)
    return own.problems
  }
  const say = (message: string): unknown =>
    problems.push({ path: nowhere, type: 'Invalid', value: '', message: `"${path}" ${message}` })
  if (schema.anyOf !== undefined) {
    const tried = schema.anyOf.map(tryOne)
    if (tried.every((found) => found.length > 0)) {
      say('must validate at least one schema (anyOf)')
      problems.push(...(tried[0] ?? []))
    }
  }
  if (schema.oneOf !== undefined) {
    const tried = schema.oneOf.map(tryOne)
    const good = tried.filter((found) => found.length === 0).length
    if (good === 0) {
      say('must validate one and only one schema (oneOf). Found none valid')
      problems.push(...(tried[0] ?? []))
    } else if (good > 1)
      say(`must validate one and only one schema (oneOf). Found ${good} valid alternatives`)
  }
  if (schema.allOf !== undefined) {
    const tried = schema.allOf.flatMap(tryOne)
    problems.push(...tried)
    if (tried.length > 0) say('must validate all the schemas (allOf)')
  }
  if (schema.not !== undefined && tryOne(schema.not).length === 0)
    say('must not validate the schema (not)')
}

function checkObject(
  walk: Walk,
  schema: Schema,
  value: Record<string, unknown>,
  path: string,
): void {
  const { problems, before } = walk
  const { properties, additionalProperties, minProperties, maxProperties } = schema
  if (schema['x-kubernetes-embedded-resource']) checkEmbedded(problems, value, path)
  for (const name of schema.required ?? [])
    if (!isSet(value, name, properties))
      problems.push({ path: join(path, name), type: 'Required', message: '' })
  const count = Object.keys(value).length
  if (maxProperties !== undefined && count > maxProperties)
    problems.push(tooMany(path, count, maxProperties))
  if (minProperties !== undefined && count < minProperties)
    problems.push({
      path,
      type: 'Invalid',
      value: count,
      message: `${path} in body should have at least ${minProperties} properties`,
    })
  if (properties === undefined && additionalProperties === undefined) return
  for (const [name, member] of Object.entries(value)) {
    const memberSchema = ownSchema(schema, name)
    // Null says that a field is not set; that it must be has been said above.
    if (memberSchema === undefined || member === undefined || member === null) continue
    walk.before = isPlainObject(before) && Object.hasOwn(before, name) ? before[name] : undefined
    check(walk, memberSchema, member, join(path, name))
  }
}

function isSet(
  value: Record<string, unknown>,
  name: string,
  properties: Schema['properties'],
): boolean {
  if (!Object.hasOwn(value, name) || value[name] === undefined) return false
  if (value[name] !== null) return true
  return properties !== undefined && Object.hasOwn(properties, name)
    ? properties[name]?.nullable === true
    : false
}

function checkEmbedded(problems: Problem[], value: Record<string, unknown>, path: string): void {
  for (const name of ['apiVersion', 'kind'])
    if (typeof value[name] !== 'string' || value[name] === '')
      problems.push({ path: join(path, name), type: 'Required', message: '' })
  if (value['metadata'] !== undefined)
    problems.push(...validateSchema(objectMetaSchema, value['metadata'], join(path, 'metadata')))
}

function tooMany(path: string, count: number, max: number): Problem {
  return { path, type: 'TooMany', value: count, message: `must have at most ${max} items` }
}

function checkArray(walk: Walk, schema: Schema, value: unknown[], path: string): void {
  const { problems, before } = walk
  const { minItems, maxItems, items } = schema
  if (minItems !== undefined && value.length < minItems)
    problems.push({
      path,
      type: 'Invalid',
      value: value.length,
      message: `${path} in body should have at least ${minItems} items`,
    })
  if (maxItems !== undefined && value.length > maxItems) {
    problems.push(tooMany(path, value.length, maxItems))
    return
  }
  if (items !== undefined)
    for (const [index, item] of value.entries()) {
      walk.before = itemBefore(schema, before, item)
      check(walk, items, item, `${path}[${index}]`)
    }
  checkUnique(schema, value, path, problems)
}

/** Items have a past where they are told apart by keys. */
export function itemBefore(schema: Schema, before: unknown, item: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys']
  if (keys === undefined || !Array.isArray(before) || !isPlainObject(item)) return undefined
  return before.find(
    (each: unknown) => isPlainObject(each) && keys.every((key) => equalJson(each[key], item[key])),
  )
}

function checkUnique(schema: Schema, items: unknown[], path: string, problems: Problem[]): void {
  const keys = schema['x-kubernetes-list-map-keys']
  const isSet = schema['x-kubernetes-list-type'] === 'set'
  if (keys === undefined && !isSet) return
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const value = keys === undefined || !isPlainObject(item) ? item : picked(item, keys)
    const identity = JSON.stringify(value)
    if (seen.has(identity))
      problems.push({ path: `${path}[${index}]`, type: 'Duplicate', value, message: '' })
    seen.add(identity)
  }
}

function picked(item: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter((key) => item[key] !== undefined).map((key) => [key, item[key]]),
  )
}

/** The schema of a member: a declared field, or what any other name has. */
export function ownSchema(schema: Schema, name: string): Schema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name))
    return schema.properties[name]
  return schema.additionalProperties
}

export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
