import type { Random } from '@skerry/base/random'
import { isPlainObject } from '@skerry/base/json'
import { type FieldType, shapeOf } from '../field-type.ts'
import { listItem } from '../list-item.ts'

export type Config = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Record<string, unknown>
  readonly spec: Record<string, unknown>
}

type Choice = { readonly random: Random; readonly letters: string; readonly value: string }

/**
 * What somebody may want of a thing. Keys are made of `letters`, and values of one `value`, so that configurations
 * of other letters share nothing, and those of the same value never conflict.
 */
export function randomConfig(random: Random, letters: string, value = 'v'): Config {
  const choice: Choice = { random, letters, value }
  const spec: Record<string, () => unknown> = {
    tags: () => keys(choice),
    ports: () => randomPorts(choice),
    labels: () => randomMap(choice, () => value),
    maps: () => randomMap(choice, () => randomMap(choice, () => value)),
    any: () => randomMap(choice, () => randomMap(choice, () => value)),
  }
  const chosen = Object.entries(spec).filter(() => random.next() < 0.6)
  return {
    apiVersion: 'peer.skerry.dev/v1',
    kind: 'Thing',
    metadata: {
      name: 'thing',
      namespace: 'default',
      ...(random.next() < 0.5 ? { labels: randomMap(choice, () => value) } : {}),
    },
    spec: Object.fromEntries(chosen.map(([name, make]) => [name, make()])),
  }
}

function keys({ random, letters }: Choice): string[] {
  const some = letters.split('').filter(() => random.next() < 0.5)
  return some.length === 0 ? [letters[0]!] : some
}

function randomMap(choice: Choice, make: () => unknown): Record<string, unknown> {
  return Object.fromEntries(keys(choice).map((key) => [key, make()]))
}

function randomPorts(choice: Choice): object[] {
  const { random, value } = choice
  return keys(choice).map((key) => ({
    port: key.charCodeAt(0),
    protocol: 'TCP',
    ...(random.next() < 0.5 ? { name: value } : {}),
    ...(random.next() < 0.5 ? { tags: randomMap(choice, () => value) } : {}),
  }))
}

/** A value without what is empty, with its sets and keyed lists in one order: what it says, however it says it. */
export function meaningOf(type: FieldType, value: unknown): unknown {
  if (isPlainObject(value)) {
    const map = type.map
    const members = Object.keys(value)
      .toSorted()
      .map((name) => [name, meaningOf(map?.fields.get(name) ?? map?.rest ?? {}, value[name])])
      .filter(([, member]) => member !== undefined)
    return members.length === 0 ? undefined : Object.fromEntries(members)
  }
  if (!Array.isArray(value)) return value ?? undefined
  const { list } = type
  if (list === undefined || shapeOf(type, value) !== 'list' || list.relation === 'atomic')
    return value
  const items = value.map((item) => {
    const found = listItem(list, item)
    return [found.ok ? found.element : '', meaningOf(list.items, item)] as const
  })
  const sorted = items.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item)
  return sorted.length === 0 ? undefined : sorted
}

/** Freezes all of a value, so that whoever writes to it is found out. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(frozen)
    Object.freeze(value)
  }
  return value
}
