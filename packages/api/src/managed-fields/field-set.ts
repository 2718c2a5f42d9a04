import { type PathElement, showPathElement, sortPathElements } from './path-element.ts'

/** A set of fields: a tree of steps. It never holds a step that is neither a member nor leads to one. */
export type FieldSet = ReadonlyMap<PathElement, FieldNode>

export type FieldNode = {
  /** Whether the field itself belongs to the set, whatever is below it. */
  readonly isMember: boolean
  readonly below: FieldSet
}

export type FieldPath = readonly PathElement[]

export const noFields: FieldSet = new Map()

/** A set while it is being made. */
export type FieldSetBuilder = Map<PathElement, { isMember: boolean; below: FieldSetBuilder }>

/** Adds the field at a path; the whole object, which has no path, belongs to nobody. */
export function insertField(set: FieldSetBuilder, path: FieldPath): void {
  let level = set
  for (const [index, element] of path.entries()) {
    let node = level.get(element)
    if (node === undefined) {
      node = { isMember: false, below: new Map() }
      level.set(element, node)
    }
    if (index === path.length - 1) node.isMember = true
    level = node.below
  }
}

export function fieldSetOfPaths(paths: readonly FieldPath[]): FieldSet {
  const set: FieldSetBuilder = new Map()
  for (const path of paths) insertField(set, path)
  return set
}

/** What is in either. */
export function unionOf(left: FieldSet, right: FieldSet): FieldSet {
  if (left.size === 0) return right
  if (right.size === 0) return left
  const result = new Map(left)
  for (const [element, node] of right) {
    const other = result.get(element)
    if (other !== undefined) {
      const isMember = node.isMember || other.isMember
      result.set(element, { isMember, below: unionOf(other.below, node.below) })
    } else result.set(element, node)
  }
  return result
}

/** What is in both. */
export function intersectionOf(left: FieldSet, right: FieldSet): FieldSet {
  if (left.size === 0 || right.size === 0) return noFields
  const result = new Map<PathElement, FieldNode>()
  for (const [element, node] of left) {
    const other = right.get(element)
    if (other === undefined) continue
    const isMember = node.isMember && other.isMember
    const below = intersectionOf(node.below, other.below)
    if (isMember || below.size > 0) result.set(element, { isMember, below })
  }
  return result
}

/** What is in the first and not in the second; the very same set when that takes nothing away. */
export function differenceOf(left: FieldSet, right: FieldSet): FieldSet {
  return subtract(left, right, false)
}

/** The same, and what the second names takes along what is below it. */
export function recursiveDifferenceOf(left: FieldSet, right: FieldSet): FieldSet {
  return subtract(left, right, true)
}

function subtract(left: FieldSet, right: FieldSet, isRecursive: boolean): FieldSet {
  if (left.size === 0 || right.size === 0) return left
  let result: Map<PathElement, FieldNode> | undefined
  for (const [element, node] of left) {
    const other = right.get(element)
    if (other === undefined) continue
    const isMember = node.isMember && !other.isMember
    const below =
      isRecursive && other.isMember ? noFields : subtract(node.below, other.below, isRecursive)
    if (isMember === node.isMember && below === node.below) continue
    result ??= new Map(left)
    if (isMember || below.size > 0) result.set(element, { isMember, below })
    else result.delete(element)
  }
  return result ?? left
}

export function equalFieldSets(left: FieldSet, right: FieldSet): boolean {
  if (left === right) return true
  if (left.size !== right.size) return false
  for (const [element, node] of left) {
    const other = right.get(element)
    if (other === undefined || other.isMember !== node.isMember) return false
    if (!equalFieldSets(node.below, other.below)) return false
  }
  return true
}

export function hasField(set: FieldSet, path: FieldPath): boolean {
  let level = set
  for (const [index, element] of path.entries()) {
    const node = level.get(element)
    if (node === undefined) return false
    if (index === path.length - 1) return node.isMember
    level = node.below
  }
  return false
}

/** What the set says of the fields below one step. */
export const fieldsBelow = (set: FieldSet, element: PathElement): FieldSet =>
  set.get(element)?.below ?? noFields

/** Every member's path, in the order in which Kubernetes tells them: a level, then what is below it. */
export function pathsOf(set: FieldSet, prefix: FieldPath = []): FieldPath[] {
  const sorted = sortPathElements(set.keys())
  const here = sorted.filter((element) => set.get(element)!.isMember)
  return [
    ...here.map((element) => [...prefix, element]),
    ...sorted.flatMap((element) => pathsOf(set.get(element)!.below, [...prefix, element])),
  ]
}

/** `.spec.ports[port=80].name` */
export const showPath = (path: FieldPath): string => path.map(showPathElement).join('')
