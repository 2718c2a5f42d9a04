import { equalJson, isPlainObject } from '@skerry/base/json'
import {
  type FieldSet,
  type FieldSetBuilder,
  insertField,
  recursiveDifferenceOf,
  unionOf,
} from './field-set.ts'
import {
  type FieldType,
  type ListType,
  type MapType,
  type Shape,
  firstShape,
  hasOneShape,
  memberType,
  shapeOf,
} from './field-type.ts'
import { itemsByElement } from './list-item.ts'
import { type PathElement, fieldElement } from './path-element.ts'

/** What changed from one object to another. No field is in two of these. */
export type Comparison = {
  readonly removed: FieldSet
  readonly modified: FieldSet
  readonly added: FieldSet
}

export function compareObjects(type: FieldType, before: unknown, after: unknown): Comparison {
  const walk: Walk = { removed: new Map(), modified: new Map(), added: new Map(), path: [] }
  compare(walk, type, before, after)
  return walk
}

/** Without what a subresource resets anyway. */
export function withoutFields(comparison: Comparison, fields: FieldSet): Comparison {
  return {
    removed: recursiveDifferenceOf(comparison.removed, fields),
    modified: recursiveDifferenceOf(comparison.modified, fields),
    added: recursiveDifferenceOf(comparison.added, fields),
  }
}

export const writtenFields = ({ modified, added }: Comparison): FieldSet => unionOf(modified, added)

type Walk = {
  readonly removed: FieldSetBuilder
  readonly modified: FieldSetBuilder
  readonly added: FieldSetBuilder
  readonly path: PathElement[]
}

function compare(walk: Walk, type: FieldType, before: unknown, after: unknown): void {
  const left = shapeOf(type, before)
  const right = shapeOf(type, after)
  let isLeaf: boolean
  if (after === undefined)
    isLeaf = compareAs(walk, left ?? firstShape(type), { type, before, after })
  else {
    // A value that became one of another shape is gone, and another came.
    if (before !== undefined && left !== right && !hasOneShape(type))
      compareAs(walk, left ?? firstShape(type), { type, before, after })
    isLeaf = compareAs(walk, right ?? firstShape(type), { type, before, after })
  }
  if (isLeaf) return
  if (before === undefined) insertField(walk.added, walk.path)
  else if (after === undefined) insertField(walk.removed, walk.path)
}

type Pair = { readonly type: FieldType; readonly before: unknown; readonly after: unknown }

/** Whether the value is owned whole. */
function compareAs(walk: Walk, shape: Shape, { type, before, after }: Pair): boolean {
  if (shape === 'map') {
    const left = isPlainObject(before) ? before : undefined
    const right = isPlainObject(after) ? after : undefined
    if (type.map!.isAtomic || (isEmptyMap(left) && isEmptyMap(right)))
      return compareLeaf(walk, before, after)
    compareMaps(walk, type.map!, left ?? {}, right ?? {})
    return false
  }
  if (shape === 'list') {
    const left: readonly unknown[] = Array.isArray(before) ? before : []
    const right: readonly unknown[] = Array.isArray(after) ? after : []
    if (type.list!.relation === 'atomic' || (left.length === 0 && right.length === 0))
      return compareLeaf(walk, before, after)
    compareLists(walk, type.list!, left, right)
    return false
  }
  return compareLeaf(walk, before, after)
}

function isEmptyMap(map: Record<string, unknown> | undefined): boolean {
  if (map !== undefined) for (const name in map) if (map[name] !== undefined) return false
  return true
}

function compareLeaf(walk: Walk, before: unknown, after: unknown): true {
  if (before === undefined) insertField(walk.added, walk.path)
  else if (after === undefined) insertField(walk.removed, walk.path)
  else if (!equalJson(before, after)) insertField(walk.modified, walk.path)
  return true
}

type Members = Readonly<Record<string, unknown>>

function compareMaps(walk: Walk, map: MapType, before: Members, after: Members): void {
  for (const name of Object.keys(before))
    compareMember(walk, map, name, [before[name], own(after, name)])
  for (const name of Object.keys(after))
    if (own(before, name) === undefined) compareMember(walk, map, name, [undefined, after[name]])
}

const own = (members: Members, name: string): unknown =>
  Object.hasOwn(members, name) ? members[name] : undefined

function compareMember(
  walk: Walk,
  map: MapType,
  name: string,
  [before, after]: readonly [unknown, unknown],
): void {
  // The same text or number is the same whatever its type says.
  if (before === after) return
  walk.path.push(fieldElement(name))
  compare(walk, memberType(map, name), before, after)
  walk.path.pop()
}

function compareLists(
  walk: Walk,
  list: ListType,
  before: readonly unknown[],
  after: readonly unknown[],
): void {
  const left = itemsByElement(list, before)
  const right = itemsByElement(list, after)
  for (const [element, items] of left) {
    walk.path.push(element)
    compareItems(walk, list.items, items, right.get(element) ?? [])
    walk.path.pop()
  }
  for (const [element, items] of right) {
    if (left.has(element)) continue
    walk.path.push(element)
    compareItems(walk, list.items, [], items)
    walk.path.pop()
  }
}

/** Items of the same step: one on each side, unless a list holds duplicates, which are owned as one. */
function compareItems(
  walk: Walk,
  type: FieldType,
  before: readonly unknown[],
  after: readonly unknown[],
): void {
  if (before.length <= 1 && after.length <= 1) return compare(walk, type, before[0], after[0])
  if (before.length >= 2 && after.length >= 2) {
    if (!equalJson(before, after)) insertField(walk.modified, walk.path)
    return
  }
  if (before.length >= 2) {
    if (after.length === 1) compare(walk, type, undefined, after[0])
    insertField(walk.removed, walk.path)
    return
  }
  if (before.length === 1) compare(walk, type, before[0], undefined)
  insertField(walk.added, walk.path)
}
