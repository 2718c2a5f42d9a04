import type { Random } from '@skerry/base/random'

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random.next() * items.length)]!
}

export function chance(random: Random, probability: number): boolean {
  return random.next() < probability
}

const nastyTexts = [
  '',
  ' ',
  '..',
  'a/b',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  'ü'.repeat(300),
  '1e400',
  'null',
  '2026-11-21T10:00:00Z',
  '{"$patch":"delete"}',
  '99999999999999999999',
  'AAE=',
  '(a+)+$',
  '%2e%2e',
]
const nastyNumbers = [0, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e300]
const nastyKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '$patch',
  '$retainKeys',
  '$deleteFromPrimitiveList/finalizers',
  '$setElementOrder/finalizers',
  '',
  '.',
  'a',
  'name',
  'metadata',
  'spec',
  'status',
  'data',
]

/** Any JSON at all, the sort that breaks things more often than chance would have it. */
export function anyJson(random: Random, depth = 0): unknown {
  switch (Math.floor(random.next() * (depth > 3 ? 4 : 7))) {
    case 0:
      return null
    case 1:
      return pick(random, [true, false])
    case 2:
      return pick(random, nastyNumbers)
    case 3:
      return pick(random, nastyTexts)
    case 4:
      return Array.from({ length: Math.floor(random.next() * 4) }, () => anyJson(random, depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: Math.floor(random.next() * 4) }, () => [
          pick(random, nastyKeys),
          anyJson(random, depth + 1),
        ]),
      )
  }
}

/** A value with some of it replaced, left out or added. */
export function mutated(random: Random, value: unknown): unknown {
  if (chance(random, 0.08)) return anyJson(random)
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => mutated(random, item))
    return chance(random, 0.1) ? [...items, anyJson(random)] : items
  }
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
    .filter(() => !chance(random, 0.05))
    .map(([key, member]): [string, unknown] => [
      chance(random, 0.03) ? pick(random, nastyKeys) : key,
      mutated(random, member),
    ])
  if (chance(random, 0.15)) members.push([pick(random, nastyKeys), anyJson(random)])
  return Object.fromEntries(members)
}

/** JSON text whose keys called `__proto__` are keys like any other. */
export function textOf(random: Random, value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  if (!chance(random, 0.1)) return text
  const at = Math.floor(random.next() * text.length)
  return pick(random, [
    text.slice(0, at),
    text.slice(0, at) + pick(random, ['"', '}', '[', ',', '\\', '\u0000', '1']) + text.slice(at),
    text.replace('{', '{"__proto__":{"polluted":1},'),
    text + text,
  ])
}
