import { isPlainObject, isRawNumber } from '@skerry/base/json'
import { goText, goTypeOf } from '../go-text.ts'
import {
  type FieldType,
  type ListType,
  type MapType,
  type ScalarType,
  firstShape,
  shapeOf,
} from './field-type.ts'
import { typedProblemsMax } from './limits.ts'
import { listItem } from './list-item.ts'
import { compareText, showPathElement } from './path-element.ts'

/**
 * What of a configuration does not fit the schema, in the words of structured-merge-diff; undefined if all fits.
 */
export function typedProblems(type: FieldType, value: unknown): string | undefined {
  const problems: string[] = []
  visit(type, value, '', problems)
  if (problems.length <= 1) return problems[0]
  return ['errors:', ...problems.slice(0, typedProblemsMax).map((problem) => `  ${problem}`)].join(
    '\n',
  )
}

function visit(type: FieldType, value: unknown, path: string, problems: string[]): void {
  const shape = shapeOf(type, value) ?? firstShape(type)
  if (value === null || value === undefined) return
  if (shape === 'map') visitMap(type.map!, value, path, problems)
  else if (shape === 'list') visitList(type.list!, value, path, problems)
  else if (!fitsScalar(type.scalar!, value))
    problems.push(told(path, wrongScalar(type.scalar!, value)))
}

const told = (path: string, problem: string): string =>
  path === '' ? problem : `${path}: ${problem}`

function visitMap(map: MapType, value: unknown, path: string, problems: string[]): void {
  if (!isPlainObject(value)) {
    problems.push(told(path, `expected map, got ${goValue(value)}`))
    return
  }
  for (const name of Object.keys(value).sort(compareText)) {
    const member = map.fields.get(name) ?? map.rest
    if (member === undefined) {
      problems.push(told(`${path}.${name}`, 'field not declared in schema'))
      return
    }
    visit(member, value[name], `${path}.${name}`, problems)
  }
}

function visitList(list: ListType, value: unknown, path: string, problems: string[]): void {
  if (!Array.isArray(value)) {
    problems.push(told(path, `expected list, got ${goValue(value)}`))
    return
  }
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    if (list.relation === 'atomic') {
      visit(list.items, item, `${path}[${index}]`, problems)
      continue
    }
    const found = listItem(list, item)
    if (!found.ok) {
      problems.push(told(path, `element ${index}: ${found.why}`))
      return
    }
    const shown = showPathElement(found.element)
    if (seen.has(found.element)) problems.push(told(path, `duplicate entries for key ${shown}`))
    seen.add(found.element)
    visit(list.items, item, `${path}${shown}`, problems)
  }
}

function fitsScalar(scalar: ScalarType, value: unknown): boolean {
  switch (scalar) {
    case 'string':
      return typeof value === 'string'
    case 'numeric':
      return typeof value === 'number' || isRawNumber(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'untyped':
      return ['string', 'number', 'boolean'].includes(typeof value) || isRawNumber(value)
  }
}

function wrongScalar(scalar: ScalarType, value: unknown): string {
  switch (scalar) {
    case 'string':
      return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`
    case 'numeric':
      return `expected numeric (int or float), got ${goTypeOf(value)}`
    case 'boolean':
      return `expected boolean, got ${goValue(value)}`
    case 'untyped':
      return `expected any scalar, got ${goValue(value)}`
  }
}

/** How Go's `%v` shows the box around a value. */
const goValue = (value: unknown): string => `&{${goText(value)}}`

/** How Go's `%#v` shows it. */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (isPlainObject(value))
    return `map[string]interface {}{${Object.keys(value)
      .sort(compareText)
      .map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`)
      .join(', ')}}`
  return value === null ? 'interface {}(nil)' : JSON.stringify(value)
}
