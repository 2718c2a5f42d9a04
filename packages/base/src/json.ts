/**
 * JSON that loses nothing. Integers past 2^53 stay as the digits that were sent (`JSON.rawJSON`),
 * and a key called `__proto__` is a key like any other.
 */
export type Json = null | boolean | number | string | RawNumber | Json[] | { [key: string]: Json }

/** A number whose digits a double cannot hold; `JSON.stringify` writes it as it came. */
export type RawNumber = { readonly rawJSON: string }

type RawJsonSupport = {
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}
const raw = JSON as unknown as RawJsonSupport

export function isRawNumber(value: unknown): value is RawNumber {
  return raw.isRawJSON(value)
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !raw.isRawJSON(value)
  )
}

/** So many digits in a row may be an integer that a double would round. */
const longDigits = 16
const integerText = /^-?\d+$/

/** Whether a text may hold an integer that only `parseJson` keeps. */
export function hasLongDigits(text: string): boolean {
  // So many in a row reach over a place that is looked at; the others need not be.
  for (let at = longDigits - 1; at < text.length; at += longDigits) {
    let end = at
    while (isDigit(text, end)) end += 1
    if (end === at) continue
    let start = at
    while (isDigit(text, start - 1)) start -= 1
    if (end - start >= longDigits) return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0x30 && code <= 0x39
}

/** Parses JSON text. Throws `SyntaxError` with the engine's message. */
export function parseJson(text: string): unknown {
  if (!hasLongDigits(text)) return JSON.parse(text)
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context?.source !== undefined &&
    integerText.test(context.source)
      ? raw.rawJSON(context.source)
      : value
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown)
}

/** A copy that shares nothing with the original. */
export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => cloneJson(item)) as T
  if (!isPlainObject(value)) return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) setKey(copy, key, cloneJson(value[key]))
  return copy as T
}

/** Assigns a key even when it is called `__proto__`. */
export function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  else target[key] = value
}

/** Equal as JSON: key order does not matter, a key that is undefined is a key that is absent. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (Array.isArray(left) && Array.isArray(right))
    return (
      left.length === right.length && left.every((item, index) => equalJson(item, right[index]))
    )
  if (isRawNumber(left) && isRawNumber(right)) return left.rawJSON === right.rawJSON
  if (!isPlainObject(left) || !isPlainObject(right)) return false
  const leftKeys = definedKeys(left)
  return (
    leftKeys.length === definedKeys(right).length &&
    leftKeys.every((key) => Object.hasOwn(right, key) && equalJson(left[key], right[key]))
  )
}

/**
 * The one text of a value: keys sorted by UTF-16 code units, no white space (RFC 8785, except that
 * raw integers keep their digits). What is hashed or signed by content is written so.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (!isPlainObject(value)) return JSON.stringify(value)
  const members = definedKeys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}

function definedKeys(value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined)
}

/** How deep arrays and objects nest; stops counting past `limit`. Iterative: depth is the enemy. */
export function jsonDepth(value: unknown, limit: number): number {
  let level: unknown[] = [value]
  for (let depth = 0; depth <= limit; depth += 1) {
    const next = level.flatMap((item) =>
      Array.isArray(item) ? item : isPlainObject(item) ? Object.values(item) : [],
    )
    const isNested = level.some((item) => Array.isArray(item) || isPlainObject(item))
    if (!isNested) return depth
    level = next
  }
  return limit + 1
}
