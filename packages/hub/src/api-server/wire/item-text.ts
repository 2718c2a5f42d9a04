import type { AnyKind } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import { parseJson } from '@skerry/base/json'
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
  const cells = JSON.stringify(cellsOf(kind, shownParts(kind, item), nowMs))
  if (includeObject === 'None') return `{"cells":${cells},"object":null}`
  const object = includeObject === 'Object' ? item.text : partialText(kind, item)
  return `{"cells":${cells},"object":${object}}`
}

/** The members that the columns of a kind are read from; undefined if a column looks at the whole. */
const shownMembers = new WeakMap<AnyKind, ReadonlySet<string> | 'all'>()

function shownMembersOf(kind: AnyKind): ReadonlySet<string> | 'all' {
  const known = shownMembers.get(kind)
  if (known !== undefined) return known
  const isPlain = kind.columns.every(({ read, cell }) => read === undefined && cell === undefined)
  const roots = kind.columns.map(({ path }) => path.replace(/^\./, '').split('.')[0]!)
  const members = isPlain ? new Set(['metadata', ...roots]) : 'all'
  shownMembers.set(kind, members)
  return members
}

/** What of an object a table shows: a row is made without parsing what it does not show. */
function shownParts(kind: AnyKind, item: StoredText): StoredObject {
  const members = shownMembersOf(kind)
  if (members === 'all') return item.object
  const { text } = item
  const parts: string[] = []
  for (let index = 1; text.charCodeAt(index) === quote;) {
    const nameEnd = endOfString(text, index)
    const end = endOfValue(text, nameEnd + 2)
    if (members.has(text.slice(index + 1, nameEnd))) parts.push(text.slice(index, end))
    index = end + 1
  }
  return parseJson(`{${parts.join(',')}}`) as StoredObject
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
const [openList, closeList, comma] = [0x5b, 0x5d, 0x2c]

/** The index after the object or list that begins at `start` of a JSON text. */
export function endOfObject(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === quote) index = endOfString(text, index)
    else if (code === open || code === openList) depth += 1
    else if (code === close || code === closeList) {
      depth -= 1
      if (depth === 0) return index + 1
    }
  }
  throw new Error('Broken assumption: what is stored is whole JSON')
}

/** The index after the member's value that begins at `start`. */
function endOfValue(text: string, start: number): number {
  const code = text.charCodeAt(start)
  if (code === open || code === openList) return endOfObject(text, start)
  if (code === quote) return endOfString(text, start) + 1
  for (let index = start; index < text.length; index += 1) {
    const at = text.charCodeAt(index)
    if (at === comma || at === close) return index
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
