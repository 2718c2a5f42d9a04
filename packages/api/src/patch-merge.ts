import { cloneJson, isPlainObject, setKey } from '@skerry/base/json'

/** The document after a JSON merge patch (RFC 7386); neither argument is touched. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return cloneJson(patch)
  const result: Record<string, unknown> = {}
  const before = isPlainObject(document) ? document : {}
  for (const [key, value] of Object.entries(before))
    if (!Object.hasOwn(patch, key)) setKey(result, key, cloneJson(value))
    else if (patch[key] !== null) setKey(result, key, applyMergePatch(value, patch[key]))
  for (const [key, value] of Object.entries(patch))
    if (value !== null && !Object.hasOwn(before, key))
      setKey(result, key, applyMergePatch(undefined, value))
  return result
}
