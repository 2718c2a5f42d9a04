import { scanJson } from '@skerry/api/scan-json'

/** Texts of bodies in which a key seems to stand twice. */
const suspects = new WeakMap<object, string>()

/** What may be a key: a quote and a colon. In a string it is not, which only makes us look closer. */
const keyEnd = /"\s*:/g

/**
 * Remembers the text of a body in which more keys stand than the object has. Counting costs little; only
 * where the counts differ is the text read again, and only by whom it concerns.
 */
export function keepDuplicates(body: object, text: string, keys: number): void {
  let count = 0
  keyEnd.lastIndex = 0
  while (keyEnd.test(text)) count += 1
  if (count !== keys) suspects.set(body, text)
}

/** The paths of the fields that stood twice in the text of a body. */
export function duplicateFields(body: object): readonly string[] {
  const text = suspects.get(body)
  if (text === undefined) return []
  const scan = scanJson(text)
  return scan.ok ? [...new Set(scan.duplicates)] : []
}
