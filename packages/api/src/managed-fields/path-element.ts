import { isPlainObject, isRawNumber, parseJson } from '@skerry/base/json'

/**
 * One step of a path as FieldsV1 writes it: `f:` and the name of a field, `k:` and the keys of a list's item,
 * `v:` and a value of a set, `i:` and an index. Equal steps have equal text.
 */
export type PathElement = string

export const fieldElement = (name: string): PathElement => `f:${name}`

/** `fields` in the order of their names. */
export const keyElement = (fields: Readonly<Record<string, unknown>>): PathElement =>
  `k:${goJson(fields)}`

export const valueElement = (value: unknown): PathElement => `v:${goJson(value)}`

export type ReadElement =
  | { readonly type: 'element'; readonly element: PathElement }
  /** A sort of step that nobody knows yet. */
  | { readonly type: 'unknown' }
  | { readonly type: 'malformed' }

/** The step that a text names, in the text that all equal steps have. */
export function readPathElement(text: string): ReadElement {
  if (text.startsWith('f:')) return { type: 'element', element: text }
  if (text[1] !== ':') return { type: 'malformed' }
  const value = text.slice(2)
  const element =
    text[0] === 'i'
      ? readIndex(value)
      : text[0] === 'v' || text[0] === 'k'
        ? readJsonElement(text[0], value)
        : 'unknown'
  if (element === 'unknown') return { type: 'unknown' }
  return element === undefined ? { type: 'malformed' } : { type: 'element', element }
}

const readIndex = (text: string): PathElement | undefined =>
  /^[+-]?\d{1,18}$/.test(text) ? `i:${Number(text)}` : undefined

function readJsonElement(type: 'v' | 'k', text: string): PathElement | undefined {
  let value: unknown
  try {
    value = parseJson(text)
  } catch {
    return undefined
  }
  if (type === 'v') return valueElement(value)
  return isPlainObject(value) ? keyElement(byName(value)) : undefined
}

/** The members in the order of their names. */
export function byName(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = Object.keys(value)
  if (names.length < 2) return value
  return Object.fromEntries(names.toSorted(compareText).map((name) => [name, value[name]]))
}

/** JSON as Go writes it: what could end a script is escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value)
  return /[<>&\u2028\u2029]/.test(text)
    ? text.replaceAll(
        /[<>&\u2028\u2029]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : text
}

/** A step as messages show it: `.spec`, `[name="web"]`, `[="x"]`, `[0]`. */
export function showPathElement(element: PathElement): string {
  const text = element.slice(2)
  if (element.startsWith('f:')) return `.${text}`
  if (element.startsWith('k:'))
    return `[${Object.entries(parseJson(text) as object)
      .map(([name, value]) => `${name}=${showValue(value)}`)
      .join(',')}]`
  return element.startsWith('v:') ? `[=${showValue(parseJson(text))}]` : `[${text}]`
}

function showValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showValue).join(',')}]`
  if (isPlainObject(value))
    return Object.entries(value)
      .map(([name, member]) => `${name}=${showValue(member)}`)
      .join('')
  return JSON.stringify(value)
}

/** Steps in the order in which Kubernetes writes them. */
export function sortPathElements(elements: Iterable<PathElement>): PathElement[] {
  const sorted = [...elements]
  if (sorted.length < 2) return sorted
  if (sorted.every((element) => element.startsWith('f:'))) return sorted.sort(compareText)
  return sorted
    .map((element) => ({ element, type: element[0]!, value: parsed(element) }))
    .sort(compareParsed)
    .map(({ element }) => element)
}

type Parsed = { readonly element: string; readonly type: string; readonly value: unknown }

const typeOrder = 'fkvi'

const parsed = (element: string): unknown =>
  element[0] === 'f' ? undefined : parseJson(element.slice(2))

function compareParsed(left: Parsed, right: Parsed): number {
  if (left.type !== right.type) return typeOrder.indexOf(left.type) - typeOrder.indexOf(right.type)
  if (left.type === 'f') return compareText(left.element, right.element)
  return left.type === 'k'
    ? compareEntries(Object.entries(left.value as object), Object.entries(right.value as object))
    : compareValues(left.value, right.value)
}

type Entries = readonly (readonly [string, unknown])[]

function compareEntries(left: Entries, right: Entries): number {
  for (let index = 0; ; index += 1) {
    const one = left[index]
    const other = right[index]
    if (one === undefined || other === undefined) return left.length - right.length
    const order = compareText(one[0], other[0]) || compareValues(one[1], other[1])
    if (order !== 0) return order
  }
}

/** Numbers, text, booleans, lists, maps, null; each in its own order. */
function compareValues(left: unknown, right: unknown): number {
  const rank = rankOf(left)
  if (rank !== rankOf(right)) return rank - rankOf(right)
  if (rank === 0) return numberOf(left) - numberOf(right)
  if (rank === 1) return compareText(left as string, right as string)
  if (rank === 2) return Number(left) - Number(right)
  return compareText(JSON.stringify(left), JSON.stringify(right))
}

function rankOf(value: unknown): number {
  if (typeof value === 'number' || isRawNumber(value)) return 0
  if (typeof value === 'string') return 1
  if (typeof value === 'boolean') return 2
  if (Array.isArray(value)) return 3
  return value === null ? 5 : 4
}

const numberOf = (value: unknown): number =>
  isRawNumber(value) ? Number(value.rawJSON) : (value as number)

/** By bytes of UTF-8, as Go compares text: only above U+D7FF does that differ from code units. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0
  const order = left < right ? -1 : 1
  if (!/[\ud800-\uffff]/.test(left) || !/[\ud800-\uffff]/.test(right)) return order
  for (let index = 0; ; index += 1) {
    const one = left.codePointAt(index)
    const other = right.codePointAt(index)
    if (one === undefined || other === undefined) return left.length - right.length
    if (one !== other) return one - other
  }
}
