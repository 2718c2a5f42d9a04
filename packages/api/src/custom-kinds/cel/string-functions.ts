import { RE2JS } from 're2js'
import { type Meter, charge, fault } from './fault.ts'
import type { Library } from './functions.ts'
import { patternsKeptMax } from './limits.ts'
import { textCost } from './operators.ts'
import type { Overload } from './overload.ts'
import * as types from './types.ts'
import type { Type } from './types.ts'
import type { Value } from './values.ts'

const { bool, int, string } = types
const strings = types.listOf(string)

/** A function behind a text; every character that it looks at costs. */
const onText = (
  args: readonly Type[],
  result: Type,
  run: (text: string, args: readonly Value[], meter: Meter) => Value,
): Overload => ({
  args: [string, ...args],
  result,
  isMember: true,
  run: ([text, ...rest], meter) => {
    charge(meter, 1 + textCost((text as string).length))
    return run(text as string, rest, meter)
  },
})

const patterns = new Map<string, RE2JS>()

function compiled(pattern: string, meter: Meter): RE2JS {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  charge(meter, 10 + pattern.length)
  let made: RE2JS
  try {
    made = RE2JS.compile(pattern)
  } catch (thrown) {
    throw fault(thrown instanceof Error ? thrown.message : String(thrown))
  }
  if (patterns.size >= patternsKeptMax) patterns.delete(patterns.keys().next().value!)
  patterns.set(pattern, made)
  return made
}

/** What Kubernetes counts for a match: the text times the pattern. */
function matcher(text: string, pattern: string, meter: Meter): RE2JS {
  charge(meter, Math.ceil(1 + text.length / 10) * Math.ceil(pattern.length / 4))
  return compiled(pattern, meter)
}

const within = (text: string, at: number): number => {
  if (at < 0 || at > text.length) throw fault(`index out of range: ${at}`)
  return at
}

const matches: Overload['run'] = ([text, pattern], meter) =>
  matcher(text as string, pattern as string, meter).test(text as string)

function allMatches(text: string, pattern: string, max: number, meter: Meter): string[] {
  const found = matcher(text, pattern, meter).matcher(text)
  const all: string[] = []
  while (all.length < max && found.find()) {
    charge(meter, 1)
    all.push(found.group() ?? '')
  }
  return all
}

function replace(text: string, args: readonly Value[], meter: Meter): string {
  const [from, to] = args as string[]
  const times = args[2] === undefined ? Infinity : Number(args[2])
  const parts = text.split(from!)
  const count = Math.min(parts.length - 1, times < 0 ? Infinity : times)
  charge(meter, textCost(text.length + count * to!.length))
  return (
    parts.slice(0, count + 1).join(to!) +
    parts
      .slice(count + 1)
      .map((part) => from! + part)
      .join('')
  )
}

const plain = {
  contains: (text: string, [other]: readonly Value[]) => text.includes(other as string),
  startsWith: (text: string, [other]: readonly Value[]) => text.startsWith(other as string),
  endsWith: (text: string, [other]: readonly Value[]) => text.endsWith(other as string),
}

export const stringFunctions: Library = {
  ...Object.fromEntries(
    Object.entries(plain).map(([name, run]) => [name, [onText([string], bool, run)]]),
  ),
  matches: [
    { args: [string, string], result: bool, isMember: true, run: matches },
    { args: [string, string], result: bool, run: matches },
  ],
  find: [
    onText(
      [string],
      string,
      (text, [pattern], meter) => allMatches(text, pattern as string, 1, meter)[0] ?? '',
    ),
  ],
  findAll: [
    onText([string], strings, (text, [pattern], meter) =>
      allMatches(text, pattern as string, Infinity, meter),
    ),
    onText([string, int], strings, (text, [pattern, max], meter) =>
      allMatches(text, pattern as string, Number(max) < 0 ? Infinity : Number(max), meter),
    ),
  ],
  charAt: [onText([int], string, (text, [at]) => text[within(text, Number(at))] ?? '')],
  indexOf: [
    onText([string], int, (text, [other]) => BigInt(text.indexOf(other as string))),
    onText([string, int], int, (text, [other, from]) =>
      BigInt(text.indexOf(other as string, within(text, Number(from)))),
    ),
  ],
  lastIndexOf: [
    onText([string], int, (text, [other]) => BigInt(text.lastIndexOf(other as string))),
    onText([string, int], int, (text, [other, from]) =>
      BigInt(text.lastIndexOf(other as string, within(text, Number(from)))),
    ),
  ],
  lowerAscii: [
    onText([], string, (text) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase())),
  ],
  upperAscii: [
    onText([], string, (text) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase())),
  ],
  trim: [onText([], string, (text) => text.trim())],
  reverse: [onText([], string, (text) => Array.from(text).toReversed().join(''))],
  replace: [
    onText([string, string], string, replace),
    onText([string, string, int], string, replace),
  ],
  split: [
    onText([string], strings, (text, [mark], meter) => {
      const parts = text.split(mark as string)
      charge(meter, parts.length)
      return parts
    }),
    onText([string, int], strings, (text, [mark, max], meter) => {
      const parts = text.split(mark as string)
      charge(meter, parts.length)
      const count = Number(max)
      if (count === 0) return []
      if (count < 0 || parts.length <= count) return parts
      return [...parts.slice(0, count - 1), parts.slice(count - 1).join(mark as string)]
    }),
  ],
  substring: [
    onText([int], string, (text, [from]) => text.slice(within(text, Number(from)))),
    onText([int, int], string, (text, [from, to]) => {
      if (Number(from) > Number(to))
        throw fault(`invalid substring range. start: ${Number(from)}, end: ${Number(to)}`)
      return text.slice(within(text, Number(from)), within(text, Number(to)))
    }),
  ],
}
