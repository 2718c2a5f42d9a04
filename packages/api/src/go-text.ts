import { isPlainObject, isRawNumber } from '@skerry/base/json'

/** A value as Go's `%v` shows it, for messages that people search for. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (isPlainObject(value))
    return `map[${Object.keys(value)
      .toSorted()
      .map((name) => `${name}:${goText(value[name])}`)
      .join(' ')}]`
  if (value === null) return '<nil>'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The type that Go gives a value of JSON. */
export function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isPlainObject(value)) return 'map[string]interface {}'
  if (value === null) return '<nil>'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  return isRawNumber(value) || Number.isInteger(value) ? 'int64' : 'float64'
}

/** The type of JSON that Go's decoder names when it cannot use a value. */
export function goJsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (isPlainObject(value)) return 'object'
  if (typeof value === 'boolean') return 'bool'
  return value === null ? 'null' : typeof value === 'string' ? 'string' : 'number'
}
