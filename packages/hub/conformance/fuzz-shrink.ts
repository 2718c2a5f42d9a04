import { isPlainObject } from '@skerry/base/json'
import { shrinkTriesMax } from './limits.ts'

/** A shorter text that still fails: of JSON without members, of other text without pieces. */
export async function shrinkText(
  text: string | undefined,
  fails: (shorter: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (text === undefined) return undefined
  let smallest = text
  for (let tries = 0; tries < shrinkTriesMax;) {
    let found: string | undefined
    for (const shorter of candidates(smallest)) {
      tries += 1
      if (tries > shrinkTriesMax) break
      if (await fails(shorter)) {
        found = shorter
        break
      }
    }
    if (found === undefined) break
    smallest = found
  }
  return smallest
}

/** Shorter texts, the shortest first. */
export function candidates(text: string): string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return pieces(text)
  }
  return smallerValues(value)
    .map((smaller) => JSON.stringify(smaller) ?? 'null')
    .filter((shorter) => shorter.length < text.length)
    .toSorted((left, right) => left.length - right.length)
}

function pieces(text: string): string[] {
  const sizes = [text.length >> 1, text.length >> 2, text.length >> 3, 1].filter((size) => size > 0)
  return sizes.flatMap((size) =>
    Array.from(
      { length: Math.ceil(text.length / size) },
      (_, index) => text.slice(0, index * size) + text.slice((index + 1) * size),
    ),
  )
}

function smallerValues(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    const items = value as unknown[]
    return [
      ...items,
      ...items.map((_, index) => items.toSpliced(index, 1)),
      ...items.flatMap((item, index) =>
        smallerValues(item).map((smaller) => items.with(index, smaller)),
      ),
    ]
  }
  if (!isPlainObject(value)) return typeof value === 'string' && value !== '' ? [''] : []
  const entries = Object.entries(value)
  return [
    ...entries.map(([, member]) => member),
    ...entries.map((_, index) => Object.fromEntries(entries.toSpliced(index, 1))),
    ...entries.flatMap(([key, member], index) =>
      smallerValues(member).map((smaller) =>
        Object.fromEntries(entries.with(index, [key, smaller])),
      ),
    ),
  ]
}
