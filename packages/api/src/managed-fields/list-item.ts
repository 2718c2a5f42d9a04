import { isPlainObject, isRawNumber } from '@skerry/base/json'
import type { ListType } from './field-type.ts'
import { type PathElement, keyElement, valueElement } from './path-element.ts'

export type ListItem =
  | { readonly ok: true; readonly element: PathElement }
  /** In Kubernetes' words. */
  | { readonly ok: false; readonly why: string }

/** What tells an item of a set or of a list with keys from its neighbours. */
export function listItem(list: ListType, item: unknown): ListItem {
  return list.relation === 'map' ? keyedItem(list, item) : setItem(item)
}

function keyedItem(list: ListType, item: unknown): ListItem {
  if (item === null) return refused('associative list with keys may not have a null element')
  if (!isPlainObject(item))
    return refused('associative list with keys may not have non-map elements')
  const fields: Record<string, unknown> = {}
  let count = 0
  for (const key of list.keys) {
    const value = Object.hasOwn(item, key) ? item[key] : undefined
    const known = value === undefined ? list.keyDefaults.get(key) : value
    if (known === undefined) continue
    fields[key] = known
    count += 1
  }
  if (list.keys.length > 0 && count === 0)
    return refused(
      `associative list with keys has an element that omits all key fields [${list.keys.map((key) => JSON.stringify(key)).join(' ')}] (and doesn't have default values for any key fields)`,
    )
  return { ok: true, element: keyElement(fields) }
}

function setItem(item: unknown): ListItem {
  if (isPlainObject(item))
    return refused("associative list without keys has an element that's a map type")
  if (Array.isArray(item)) return refused('not supported: associative list with lists as elements')
  if (item === null && !isRawNumber(item))
    return refused("associative list without keys has an element that's an explicit null")
  return { ok: true, element: valueElement(item) }
}

const refused = (why: string): ListItem => ({ ok: false, why })

/** The steps of a list's items, and the items of each step; items that have none are left out. */
export function itemsByElement(
  list: ListType,
  items: readonly unknown[],
): Map<PathElement, unknown[]> {
  const result = new Map<PathElement, unknown[]>()
  for (const item of items) {
    const found = listItem(list, item)
    if (!found.ok) continue
    const same = result.get(found.element)
    if (same === undefined) result.set(found.element, [item])
    else same.push(item)
  }
  return result
}
