import { isPlainObject, setKey } from '@skerry/base/json'

/** An escape of half a pair: rare enough to look for it before looking through everything. */
const surrogateEscape = /\\u[dD][89a-fA-F]/

/** A value whose texts have U+FFFD for every half of a pair that stands alone, as Go reads them. */
export function wellFormed(value: unknown, text: string): unknown {
  return surrogateEscape.test(text) ? mended(value) : value
}

function mended(value: unknown): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (Array.isArray(value)) return value.map(mended)
  if (!isPlainObject(value)) return value
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value))
    setKey(result, key.toWellFormed(), mended(member))
  return result
}
