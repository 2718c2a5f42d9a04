import type { Position } from './finding.ts'

/** A value of a document that knows where it stands, so that whatever is said of it names the line. */
export type Located = LocatedMap | LocatedList | LocatedScalar

export type LocatedMap = {
  readonly kind: 'map'
  readonly at: Position
  readonly entries: ReadonlyMap<string, LocatedEntry>
}
export type LocatedEntry = { readonly keyAt: Position; readonly value: Located }

export type LocatedList = {
  readonly kind: 'list'
  readonly at: Position
  readonly items: readonly Located[]
}

export type LocatedScalar = {
  readonly kind: 'scalar'
  readonly at: Position
  readonly value: string | number | boolean | null
  /** As it is written, without quotes: `0644` is a number and `007` is a name. */
  readonly source: string
  /** Without quotes: whether it is text or a number is a guess of YAML. */
  readonly isPlain: boolean
}

/** What a value is, for a sentence. */
export function kindText(node: Located): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'a map' : 'a list'
  if (node.value === null) return 'nothing'
  return typeof node.value === 'string' ? 'text' : `a ${typeof node.value}`
}

/** The value as plain JavaScript. */
export function plainValue(node: Located): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plainValue)
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plainValue(value)]))
}
