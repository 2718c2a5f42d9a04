import { equalJson, isRawNumber } from '@skerry/base/json'
import { RE2JS } from 're2js'
import type { Problem } from './problem.ts'
import type { Schema } from './schema.ts'
import { hasFormat } from './schema-format.ts'

/** What kube-openapi says of texts and numbers, in its words. */
export type Add = (problem: Problem) => void

/** Problems that are of no field, as Kubernetes tells them. */
export const nowhere = '<nil>'

export function checkEnum(schema: Schema, value: unknown, path: string, add: Add): void {
  if (schema.enum === undefined || schema.enum.some((item) => equalJson(item, value))) return
  const supported = schema.enum.map((item) => JSON.stringify(item)).join(', ')
  add({ path, type: 'NotSupported', value, message: `supported values: ${supported}` })
}

export function checkString(schema: Schema, value: string, path: string, add: Add): void {
  const { minLength, maxLength, pattern, format } = schema
  if (maxLength !== undefined && charactersOf(value, maxLength) > maxLength)
    add({ path, type: 'TooLong', message: `may not be more than ${maxLength} bytes` })
  if (minLength !== undefined && charactersOf(value, minLength) < minLength)
    add({
      path,
      type: 'Invalid',
      value,
      message: `${path} in body should be at least ${minLength} chars long`,
    })
  if (pattern !== undefined && !matcherOf(schema, pattern).test(value))
    add({ path, type: 'Invalid', value, message: `${path} in body should match '${pattern}'` })
  if (format !== undefined && !hasFormat(format, value))
    add({
      path,
      type: 'TypeInvalid',
      value,
      message: `${path} in body must be of type ${format}: ${JSON.stringify(value)}`,
    })
}

/** Code points, as Go counts runes; only counted where it matters. */
function charactersOf(text: string, near: number): number {
  return text.length <= near || text.length > near * 2 ? text.length : Array.from(text).length
}

const matchers = new WeakMap<Schema, RE2JS>()

function matcherOf(schema: Schema, pattern: string): RE2JS {
  const known = matchers.get(schema)
  if (known !== undefined) return known
  const matcher = RE2JS.compile(pattern)
  matchers.set(schema, matcher)
  return matcher
}

export function isInteger(value: unknown): boolean {
  return Number.isInteger(value) || (isRawNumber(value) && fitsInt64(value))
}

const int64Max = 2n ** 63n - 1n

/** Integers that came with more digits than a double holds are compared as they came. */
function fitsInt64(value: unknown): boolean {
  if (!isRawNumber(value)) return true
  const amount = BigInt(value.rawJSON)
  return amount <= int64Max && amount >= -int64Max - 1n
}

export function checkNumber(schema: Schema, value: unknown, path: string, add: Add): void {
  const amount = isRawNumber(value) ? Number(value.rawJSON) : (value as number)
  const { minimum, maximum, multipleOf, format } = schema
  const said = `${path} in body should be`
  if (format === 'int32' && schema.type === 'integer' && Math.abs(amount + 0.5) > 2 ** 31)
    add({
      path: nowhere,
      type: 'Invalid',
      value: '',
      message: `Checked value must be of type integer with format int32 in ${path}`,
    })
  if (multipleOf !== undefined && !isMultiple(amount, multipleOf))
    add({ path, type: 'Invalid', value, message: `${said} a multiple of ${multipleOf}` })
  if (minimum !== undefined && (schema.exclusiveMinimum ? amount <= minimum : amount < minimum)) {
    const rule = schema.exclusiveMinimum ? 'greater than' : 'greater than or equal to'
    add({ path, type: 'Invalid', value, message: `${said} ${rule} ${minimum}` })
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? amount >= maximum : amount > maximum)) {
    const rule = schema.exclusiveMaximum ? 'less than' : 'less than or equal to'
    add({ path, type: 'Invalid', value, message: `${said} ${rule} ${maximum}` })
  }
}

function isMultiple(amount: number, of: number): boolean {
  if (of <= 0) return true
  const times = amount / of
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times))
}
