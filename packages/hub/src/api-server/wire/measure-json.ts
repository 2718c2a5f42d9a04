import { isPlainObject } from '@skerry/base/json'

export type JsonMeasures = { readonly depth: number; readonly keys: number }

/** How deep a value nests and how many keys it has; past the limit it is looked at no further. */
export function measureJson(value: unknown, depthMax: number): JsonMeasures {
  let keys = 0
  const depthOf = (inner: unknown, above: number): number => {
    const isList = Array.isArray(inner)
    if (!isList && !isPlainObject(inner)) return above
    let deepest = above + 1
    if (deepest > depthMax) return deepest
    if (!isList) keys += Object.keys(inner).length
    for (const member of isList ? (inner as unknown[]) : Object.values(inner))
      if (typeof member === 'object' && member !== null)
        deepest = Math.max(deepest, depthOf(member, above + 1))
    return deepest
  }
  return { depth: depthOf(value, 0), keys }
}
