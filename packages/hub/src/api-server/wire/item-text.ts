import type { AnyKind } from '@skerry/api/kind'
import { type IncludeObject, cellsOf, columnDefinitions } from '@skerry/api/table'
import { type StoredText, openingOf } from '@skerry/api/text-state'

/** An object as a list holds it: Kubernetes' own kinds do not repeat their type. */
export function listItemText(kind: AnyKind, item: StoredText): string {
  return kind.isBuiltIn === true
    ? `{${item.text.slice(openingOf(kind).length - metadataField.length)}`
    : item.text
}

const metadataField = '"metadata":'

/** `meta/v1.PartialObjectMetadata`, cut out of the text. */
export function partialText(kind: AnyKind, item: StoredText): string {
  const start = openingOf(kind).length
  const metadata = item.text.slice(start, endOfObject(item.text, start))
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${metadata}}`
}

/** A row of a table. */
export function rowText(
  kind: AnyKind,
  item: StoredText,
  { nowMs, includeObject }: { readonly nowMs: number; readonly includeObject: IncludeObject },
): string {
  const cells = JSON.stringify(cellsOf(kind, item.object, nowMs))
  if (includeObject === 'None') return `{"cells":${cells},"object":null}`
  const object = includeObject === 'Object' ? item.text : partialText(kind, item)
  return `{"cells":${cells},"object":${object}}`
}

const definitionTexts = new WeakMap<AnyKind, string>()

export function columnDefinitionsText(kind: AnyKind): string {
  const known = definitionTexts.get(kind)
  if (known !== undefined) return known
  const text = JSON.stringify(columnDefinitions(kind))
  definitionTexts.set(kind, text)
  return text
}

const [quote, backslash, open, close] = [0x22, 0x5c, 0x7b, 0x7d]

/** The index after the object that begins at `start` of a JSON text. */
export function endOfObject(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === quote) index = endOfString(text, index)
    else if (code === open) depth += 1
    else if (code === close) {
      depth -= 1
      if (depth === 0) return index + 1
    }
  }
  throw new Error('Broken assumption: what is stored is whole JSON')
}

/** The index of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === backslash) backslashes += 1
  return backslashes % 2 === 1
}
