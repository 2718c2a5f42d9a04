import { cloneJson, equalJson, isPlainObject, setKey } from '@skerry/base/json'
import type { AnyKind } from './kind.ts'
import { objectMetaSchema } from './object.ts'
import type { Schema } from './schema.ts'
import { badRequest } from './status.ts'

/** Lists of plain values that a patch adds to instead of replacing them, as in Kubernetes' types. */
export const mergedPrimitiveLists: ReadonlySet<string> = new Set(['metadata.finalizers'])

/**
 * The object after a strategic merge patch, as Kubernetes' own kinds take it: maps are merged, lists
 * of keyed items are merged by their key, other lists are replaced. Understands `$patch`,
 * `$deleteFromPrimitiveList/`, `$setElementOrder/` (the order is that of the list) and `$retainKeys`.
 */
export function applyStrategicPatch(kind: AnyKind, document: unknown, patch: unknown): unknown {
  const schema: Schema = {
    type: 'object',
    properties: { ...kind.schema.properties, metadata: objectMetaSchema },
  }
  return mergeValue(schema, document, patch, '')
}

function mergeValue(
  schema: Schema | undefined,
  before: unknown,
  patch: unknown,
  path: string,
): unknown {
  if (Array.isArray(patch)) return mergeList(schema, before, patch, path)
  if (!isPlainObject(patch)) return cloneJson(patch)
  return mergeMap(schema, before, patch, path)
}

const directives: ReadonlySet<unknown> = new Set(['replace', 'delete', 'merge'])

function mergeMap(
  schema: Schema | undefined,
  before: unknown,
  patch: Record<string, unknown>,
  path: string,
): unknown {
  const directive = patch['$patch']
  if (directive !== undefined && !directives.has(directive))
    throw badRequest(`${path || 'patch'}.$patch must be replace, delete or merge`)
  const isWhole = directive === 'replace' || directive === 'delete'
  const kept = isWhole || !isPlainObject(before) ? {} : before
  const retained = retainedKeys(patch['$retainKeys'], path)
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(kept))
    if (retained === undefined || retained.has(key)) setKey(result, key, cloneJson(value))
  if (directive === 'delete') return result
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) removePrimitives(result, key, value)
    if (key.startsWith('$')) continue
    if (value === null) Reflect.deleteProperty(result, key)
    else
      setKey(
        result,
        key,
        mergeValue(
          memberSchema(schema, key),
          Object.hasOwn(result, key) ? result[key] : undefined,
          value,
          path === '' ? key : `${path}.${key}`,
        ),
      )
  }
  return result
}

function memberSchema(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, key))
    return schema.properties[key]
  return schema?.additionalProperties
}

function retainedKeys(names: unknown, path: string): Set<unknown> | undefined {
  if (names === undefined) return undefined
  if (!Array.isArray(names)) throw badRequest(`${path || 'patch'}.$retainKeys must be a list`)
  return new Set(names)
}

function removePrimitives(result: Record<string, unknown>, directive: string, gone: unknown): void {
  const key = directive.slice('$deleteFromPrimitiveList/'.length)
  if (!Array.isArray(gone)) throw badRequest(`${directive} must be a list`)
  const items = Object.hasOwn(result, key) ? result[key] : undefined
  if (Array.isArray(items))
    setKey(
      result,
      key,
      items.filter((item) => !gone.some((other) => equalJson(item, other))),
    )
}

function mergeList(
  schema: Schema | undefined,
  before: unknown,
  patch: unknown[],
  path: string,
): unknown[] {
  const kept: unknown[] = Array.isArray(before) ? before : []
  if (mergedPrimitiveLists.has(path))
    return [...kept, ...patch.filter((item) => !kept.some((other) => equalJson(item, other)))]
  const keys = schema?.['x-kubernetes-list-map-keys']
  if (keys === undefined) return cloneJson(patch.filter((item) => !isDirective(item)))
  if (patch.some((item) => isPlainObject(item) && item['$patch'] === 'replace'))
    return cloneJson(patch.filter((item) => !isDirective(item)))
  const result = cloneJson(kept)
  for (const item of patch) {
    if (!isPlainObject(item)) throw badRequest(`${path}: each item must be an object`)
    if (keys.some((key) => item[key] === undefined))
      throw badRequest(`${path}: each item must have ${keys.join(', ')}`)
    mergeItem(result, { item, keys, schema: schema?.items, path })
  }
  return result
}

function mergeItem(
  result: unknown[],
  change: {
    item: Record<string, unknown>
    keys: readonly string[]
    schema: Schema | undefined
    path: string
  },
): void {
  const { item, keys, schema, path } = change
  const index = result.findIndex(
    (other) => isPlainObject(other) && keys.every((key) => equalJson(other[key], item[key])),
  )
  if (item['$patch'] === 'delete') {
    if (index >= 0) result.splice(index, 1)
  } else {
    const merged = mergeValue(schema, result[index], item, path)
    result.splice(index < 0 ? result.length : index, index < 0 ? 0 : 1, merged)
  }
}

function isDirective(item: unknown): boolean {
  return isPlainObject(item) && item['$patch'] !== undefined
}
