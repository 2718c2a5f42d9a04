import { cloneJson, equalJson, isPlainObject, setKey } from '@skerry/base/json'
import { goText, goTypeOf } from './go-text.ts'
import type { AnyKind } from './kind.ts'
import { objectMetaSchema } from './object.ts'
import {
  assertOrder,
  mergeKeyedLists,
  mergePlainLists,
  orderMerged,
} from './patch-strategic-list.ts'
import type { Schema } from './schema.ts'
import { ApiError, badRequest } from './status.ts'

/** Lists of plain values that a patch adds to instead of replacing them, as in Kubernetes' types. */
export const mergedPrimitiveLists: ReadonlySet<string> = new Set(['metadata.finalizers'])

/**
 * The object after a strategic merge patch, as Kubernetes' own kinds take it: maps are merged, lists of keyed
 * items are merged by their key, other lists are replaced. Understands `$patch`, `$deleteFromPrimitiveList/`,
 * `$setElementOrder/` and `$retainKeys`. Neither argument is touched.
 */
export function applyStrategicPatch(
  kind: AnyKind,
  document: Record<string, unknown>,
  patch: Record<string, unknown>,
): unknown {
  const schema: Schema = {
    type: 'object',
    properties: { ...kind.schema.properties, metadata: objectMetaSchema },
  }
  return mergeMap(document, patch, { schema, path: '' })
}

type Members = Readonly<Record<string, unknown>>

/** Where a value is, and what is known of it. */
type Place = { readonly schema: Schema | undefined; readonly path: string }

const marker = '$patch'
const deletePrefix = '$deleteFromPrimitiveList/'
const orderPrefix = '$setElementOrder/'

function mergeMap(before: Members, patch: Members, place: Place): Record<string, unknown> {
  const directive = patch[marker]
  if (directive === 'replace') return cloneJson(withoutKeys(patch, [marker]))
  if (directive === 'delete') return {}
  if (directive !== undefined)
    throw unanswered(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`)
  const result = cloneJson(retained(before, patch))
  const changes = withoutKeys(patch, ['$retainKeys'])
  const ordered = new Set<string>()
  for (const [key, order] of Object.entries(changes))
    if (key.startsWith(orderPrefix)) {
      const name = key.slice(orderPrefix.length)
      ordered.add(key).add(name)
      mergeOrdered(result, { name, order, patch: own(changes, name) }, place)
    }
  for (const [key, value] of Object.entries(changes))
    if (!ordered.has(key)) mergeMember(result, key, value, place)
  return result
}

/** What the patch lets stay. */
function retained(before: Members, patch: Members): Members {
  const names = patch['$retainKeys']
  if (names === undefined) return before
  const known = Array.isArray(names) ? new Set<unknown>(names) : undefined
  const isListed = (key: string): boolean =>
    known!.has(key) || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)
  const isFit =
    known !== undefined &&
    Object.entries(patch).every(
      ([key, value]) => key === '$retainKeys' || value === null || isListed(key),
    )
  if (!isFit) throw badRequest('invalid patch format of retainKeys')
  return Object.fromEntries(Object.entries(before).filter(([key]) => known.has(key)))
}

function mergeMember(
  result: Record<string, unknown>,
  key: string,
  value: unknown,
  place: Place,
): void {
  const isDeletion = key.startsWith(deletePrefix)
  const name = isDeletion ? key.slice(deletePrefix.length) : key
  if (value === null) {
    Reflect.deleteProperty(result, name)
    return
  }
  const before = own(result, name)
  if (isDeletion) {
    if (Array.isArray(before) && Array.isArray(value))
      setKey(
        result,
        name,
        before.filter((item) => !value.some((gone) => equalJson(item, gone))),
      )
    return
  }
  const member = memberPlace(place, name)
  if (isPlainObject(before) && isPlainObject(value))
    setKey(result, name, mergeMap(before, value, member))
  else if (Array.isArray(before) && Array.isArray(value))
    setKey(result, name, mergeList(before, value, member))
  else {
    const plain = withoutDirectives(value)
    if (plain === undefined) Reflect.deleteProperty(result, name)
    else setKey(result, name, plain)
  }
}

function mergeList(
  before: readonly unknown[],
  patch: readonly unknown[],
  { schema, path }: Place,
): unknown[] {
  if (mergedPrimitiveLists.has(path)) return mergePlainLists(before, patch)
  const key = schema?.['x-kubernetes-list-map-keys']?.[0]
  if (key === undefined) return cloneJson([...patch])
  const items: Place = { schema: schema?.items, path }
  return mergeKeyedLists(before, patch, {
    key,
    mergeItem: (one, other) => mergeMap(one, other, items),
  })
}

type Ordered = { readonly name: string; readonly order: unknown; readonly patch: unknown }

/** A list whose order the patch tells, whether it changes an item or not. */
function mergeOrdered(
  result: Record<string, unknown>,
  { name, order, patch }: Ordered,
  place: Place,
): void {
  const before = own(result, name)
  for (const list of [order, before, patch])
    if (list !== undefined && !Array.isArray(list))
      throw unanswered(`expected a []interface {}, but received a ${goTypeOf(list)}`)
  if (before === undefined && patch === undefined) return
  const member = memberPlace(place, name)
  const merged = (
    patch === undefined
      ? before
      : before === undefined
        ? withoutDirectives(patch)
        : mergeList(before as unknown[], patch as unknown[], member)
  ) as unknown[]
  const key = member.schema?.['x-kubernetes-list-map-keys']?.[0]
  if (patch !== undefined) assertOrder(patch as unknown[], order as unknown[], key)
  const live = (before ?? []) as unknown[]
  setKey(result, name, orderMerged(merged, { order: order as unknown[], live, key }))
}

/** A value that is new, without what is meant for one that was there; undefined if nothing is left. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isPlainObject(value)) return value
  if (value[marker] !== undefined) return undefined
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const kept = member === null ? undefined : withoutDirectives(member)
    if (kept !== undefined) setKey(result, key, kept)
  }
  return result
}

function memberPlace({ schema, path }: Place, name: string): Place {
  const { properties, additionalProperties } = schema ?? {}
  const isNamed = properties !== undefined && Object.hasOwn(properties, name)
  return {
    schema: isNamed ? properties[name] : additionalProperties,
    path: path === '' ? name : `${path}.${name}`,
  }
}

const own = (members: Members, name: string): unknown =>
  Object.hasOwn(members, name) ? members[name] : undefined

const withoutKeys = (members: Members, keys: readonly string[]): Members =>
  Object.fromEntries(Object.entries(members).filter(([key]) => !keys.includes(key)))

/** Kubernetes has no word for it, and answers 500. */
const unanswered = (message: string): ApiError => new ApiError('Unknown', message)
