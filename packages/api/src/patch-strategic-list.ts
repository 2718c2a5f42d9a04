import { canonicalJson, cloneJson, isPlainObject } from '@skerry/base/json'
import { goText, goTypeOf } from './go-text.ts'
import { ApiError } from './status.ts'

type Members = Readonly<Record<string, unknown>>

/** Both lists as one, each value once: what the patch names in its order, the rest as it was. */
export function mergePlainLists(before: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const merged = new Map([...before, ...patch].map((item) => [canonicalJson(item), item]))
  return orderMerged([...merged.values()], { order: patch, live: before, key: undefined })
}

export type ItemMerge = {
  /** What tells items apart. */
  readonly key: string
  readonly mergeItem: (before: Members, patch: Members) => Record<string, unknown>
}

/** Both lists as one: items of the same key are merged, those marked `$patch: delete` go. */
export function mergeKeyedLists(
  before: readonly unknown[],
  patch: readonly unknown[],
  { key, mergeItem }: ItemMerge,
): unknown[] {
  const changes = patch.map(asMembers)
  const plain = changes.filter((change) => change['$patch'] === undefined)
  const marked = changes.filter((change) => change['$patch'] !== undefined)
  if (marked.some((change) => change['$patch'] === 'replace')) return cloneJson(plain)
  const gone = new Set(marked.map((change) => deletedId(change, key)))
  const kept = before.map(asMembers).filter((item) => !gone.has(canonicalJson(item[key] ?? null)))
  const result = new Map(kept.map((item) => [idOf(item, key), item]))
  for (const change of plain) {
    const id = idOf(change, key)
    result.set(id, mergeItem(result.get(id) ?? {}, change))
  }
  return orderMerged([...result.values()], { order: plain, live: before, key })
}

function deletedId(change: Members, key: string): string {
  const directive = change['$patch']
  if (directive === 'delete') return idOf(change, key)
  throw unanswered(
    directive === 'merge'
      ? 'merging lists cannot yet be specified in the patch'
      : `unknown patch type: ${goText(directive)} in map: ${goText(change)}`,
  )
}

export type Order = {
  /** The order that the patch asks for. */
  readonly order: readonly unknown[]
  readonly live: readonly unknown[]
  /** Absent: the items are plain values. */
  readonly key: string | undefined
}

/** What the patch orders stands in its order, the rest in the live one; the two are woven by the live order. */
export function orderMerged(merged: readonly unknown[], { order, live, key }: Order): unknown[] {
  const id = identify(key)
  const placesOf = (list: readonly unknown[]) =>
    new Map(list.map((item, index) => [id(item), index] as const))
  const wanted = placesOf(order)
  const lived = placesOf(live)
  const placed = merged.map((item) => {
    const itemId = id(item)
    return { item, wanted: wanted.get(itemId), lived: lived.get(itemId) ?? Infinity }
  })
  const asked = placed
    .filter((one) => one.wanted !== undefined)
    .toSorted((one, other) => one.wanted! - other.wanted!)
  const rest = placed
    .filter((one) => one.wanted === undefined)
    .toSorted((one, other) => one.lived - other.lived)
  const result: unknown[] = []
  let restIndex = 0
  for (const one of asked) {
    while (one.lived !== Infinity && (rest[restIndex]?.lived ?? Infinity) < one.lived) {
      result.push(rest[restIndex]!.item)
      restIndex += 1
    }
    result.push(one.item)
  }
  return [...result, ...rest.slice(restIndex).map(({ item }) => item)]
}

/** What a patch names must stand in the order that it asks for. */
export function assertOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  key: string | undefined,
): void {
  const isGone = (item: unknown): boolean => isPlainObject(item) && item['$patch'] !== undefined
  const named = patch.filter((item) => key === undefined || !isGone(item))
  if (order.length === 0 || named.length === 0) return
  const id = identify(key)
  let next = 0
  for (const item of order) if (next < named.length && id(item) === id(named[next])) next += 1
  if (next < named.length)
    throw unanswered(
      `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
    )
}

const identify =
  (key: string | undefined) =>
  (item: unknown): string =>
    key === undefined ? canonicalJson(item) : idOf(asMembers(item), key)

function asMembers(item: unknown): Members {
  if (isPlainObject(item)) return item
  throw unanswered(`expected a map[string]interface {}, but received a ${goTypeOf(item)}`)
}

/** What tells an item from its neighbours, as text. */
function idOf(item: Members, key: string): string {
  const value = item[key]
  if (value !== undefined) return canonicalJson(value)
  throw unanswered(`map: ${goText(item)} does not contain declared merge key: ${key}`)
}

/** Kubernetes has no word for it, and answers 500. */
const unanswered = (message: string): ApiError => new ApiError('Unknown', message)
