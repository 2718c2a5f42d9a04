import { isPlainObject, setKey } from '@skerry/base/json'
import {
  type FieldType,
  type ListType,
  type MapType,
  firstShape,
  memberType,
  shapeOf,
} from './field-type.ts'
import { listItem } from './list-item.ts'
import type { PathElement } from './path-element.ts'

/**
 * An object with a configuration laid over it: nothing is taken away, leaves are those of the configuration,
 * items that both have are in its order. Shares with both what it does not change.
 */
export function mergeObjects(type: FieldType, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  const shape = shapeOf(type, config) ?? firstShape(type)
  if (shape === 'map') return mergeMaps(type.map!, live, config)
  if (shape === 'list') return mergeLists(type.list!, live, config)
  return config
}

function mergeMaps(map: MapType, live: unknown, config: unknown): unknown {
  const left = isPlainObject(live) ? live : {}
  const right = isPlainObject(config) ? config : {}
  const names = Object.keys(left)
  if (map.isAtomic || (names.length === 0 && Object.keys(right).length === 0)) return config
  const result: Record<string, unknown> = {}
  for (const name of names) {
    const given = Object.hasOwn(right, name) ? right[name] : undefined
    setKey(result, name, mergeObjects(memberType(map, name), left[name], given))
  }
  for (const [name, given] of Object.entries(right))
    if (!Object.hasOwn(left, name))
      setKey(result, name, mergeObjects(memberType(map, name), undefined, given))
  return result
}

function mergeLists(list: ListType, live: unknown, config: unknown): unknown {
  const left: unknown[] = Array.isArray(live) ? live : []
  const right: unknown[] = Array.isArray(config) ? config : []
  if (list.relation === 'atomic' || (left.length === 0 && right.length === 0)) return config
  const merged = new ItemMerge(list, left, right).run()
  return merged.length === 0 ? undefined : merged
}

/** The two lists are read side by side: what both have sets the pace, what one alone has stays where it is. */
class ItemMerge {
  private readonly list: ListType
  private readonly left: readonly unknown[]
  private readonly leftElements: readonly (PathElement | undefined)[]
  private readonly rightElements: readonly PathElement[]
  private readonly leftItems: ReadonlyMap<PathElement, unknown>
  private readonly rightItems: ReadonlyMap<PathElement, unknown>
  private readonly shared: PathElement[]
  private readonly done = new Set<PathElement>()
  private readonly out: unknown[] = []

  constructor(list: ListType, left: readonly unknown[], right: readonly unknown[]) {
    this.list = list
    this.left = left
    this.leftElements = left.map((item) => elementOf(list, item))
    const leftItems = new Map<PathElement, unknown>()
    for (const [index, element] of this.leftElements.entries())
      // Duplicates are not merged with what replaces them.
      if (element !== undefined) leftItems.set(element, leftItems.has(element) ? null : left[index])
    this.leftItems = leftItems
    const rightItems = new Map<PathElement, unknown>()
    for (const item of right) {
      const element = elementOf(list, item)
      if (element !== undefined && !rightItems.has(element)) rightItems.set(element, item)
    }
    this.rightItems = rightItems
    this.rightElements = [...rightItems.keys()]
    this.shared = this.rightElements.filter((element) => leftItems.has(element))
  }

  run(): unknown[] {
    const { leftElements, rightElements, rightItems, done } = this
    let next = this.shared.shift()
    let leftIndex = 0
    let rightIndex = 0
    while (leftIndex < leftElements.length || rightIndex < rightElements.length) {
      const leftElement = leftElements[leftIndex]
      const rightElement = rightElements[rightIndex]
      if (leftIndex < leftElements.length && rightElement !== undefined) {
        if (leftElement === rightElement) {
          this.take(rightElement)
          leftIndex += 1
          rightIndex += 1
          next = this.shared.shift()
          continue
        }
        const isShared = leftElement !== undefined && rightItems.has(leftElement)
        if (isShared && next !== undefined && next !== leftElement) {
          // Both have it, and it is not its turn.
          leftIndex += 1
          continue
        }
      }
      if (leftIndex < leftElements.length) {
        if (leftElement === undefined || !rightItems.has(leftElement)) {
          this.out.push(this.left[leftIndex])
          leftIndex += 1
          continue
        }
        if (done.has(leftElement)) leftIndex += 1
      }
      if (rightElement !== undefined) {
        this.take(rightElement)
        rightIndex += 1
        if (next === rightElement) next = this.shared.shift()
      }
    }
    return this.out
  }

  private take(element: PathElement): void {
    this.done.add(element)
    const { list, leftItems, rightItems } = this
    this.out.push(mergeObjects(list.items, leftItems.get(element), rightItems.get(element)))
  }
}

function elementOf(list: ListType, item: unknown): PathElement | undefined {
  const found = listItem(list, item)
  return found.ok ? found.element : undefined
}
