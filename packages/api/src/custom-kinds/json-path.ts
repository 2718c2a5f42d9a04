import { isPlainObject } from '@skerry/base/json'

/**
 * The part of Kubernetes' JSONPath that columns and paths of definitions use:
 * `.spec.size`, `.metadata.annotations.a\.b/c`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`.
 */
export type JsonPath = readonly Step[]

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'all' }
  | { readonly type: 'filter'; readonly path: JsonPath; readonly test: Comparison | undefined }

type Comparison = { readonly operator: Operator; readonly value: unknown }
type Operator = '==' | '!=' | '<' | '<=' | '>' | '>='

const pathCharactersMax = 1_000

export type ParsedPath =
  | { readonly ok: true; readonly path: JsonPath }
  | { readonly ok: false; readonly reason: string }

export function parseJsonPath(text: string): ParsedPath {
  if (text.length > pathCharactersMax)
    return { ok: false, reason: `is longer than ${pathCharactersMax} characters` }
  const steps: Step[] = []
  let rest = text
  while (rest !== '') {
    const taken = takeStep(rest)
    if (typeof taken === 'string') return { ok: false, reason: taken }
    if (taken.step !== undefined) steps.push(taken.step)
    rest = rest.slice(taken.length)
  }
  return { ok: true, path: steps }
}

type Taken = { readonly step: Step | undefined; readonly length: number }

const fieldPattern = /^\.((?:\\.|[^.[\]\s\\])+)/
const indexPattern = /^\[(-?\d{1,9})\]/
const allPattern = /^(?:\[\*\]|\.\*(?![^.[]))/
const quotedPattern = /^\[(?:'([^']*)'|"([^"]*)")\]/
const filterPattern = /^\[\?\(@((?:\.(?:\\.|[\w/-])+)+)\s*(?:(==|!=|<=|>=|<|>)\s*([^)]+?)\s*)?\)\]/

function takeStep(text: string): Taken | string {
  const all = allPattern.exec(text)
  if (all) return { step: { type: 'all' }, length: all[0].length }
  const field = fieldPattern.exec(text)
  if (field)
    return {
      step: { type: 'field', name: field[1]!.replaceAll(/\\(.)/g, '$1') },
      length: field[0].length,
    }
  const index = indexPattern.exec(text)
  if (index) return { step: { type: 'index', index: Number(index[1]) }, length: index[0].length }
  const quoted = quotedPattern.exec(text)
  if (quoted)
    return {
      step: { type: 'field', name: quoted[1] ?? quoted[2] ?? '' },
      length: quoted[0].length,
    }
  const filter = filterPattern.exec(text)
  if (filter) return takeFilter(filter)
  if (text === '.') return { step: undefined, length: 1 }
  return `unrecognized character in action: ${JSON.stringify(text.slice(0, 20))}`
}

function takeFilter([whole, path = '', operator, literal]: RegExpExecArray): Taken | string {
  const inner = parseJsonPath(path)
  if (!inner.ok) return inner.reason
  if (operator === undefined)
    return { step: { type: 'filter', path: inner.path, test: undefined }, length: whole.length }
  const value = literalOf(literal ?? '')
  if (value === undefined) return `unrecognized value in filter: ${literal}`
  const test = { operator: operator as Operator, value }
  return { step: { type: 'filter', path: inner.path, test }, length: whole.length }
}

function literalOf(text: string): unknown {
  if (/^'[^']*'$/.test(text)) return text.slice(1, -1)
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? undefined : value
  } catch {
    return undefined
  }
}

/** The first value at a path, or undefined. */
export function firstAt(value: unknown, path: JsonPath): unknown {
  return allAt(value, path)[0]
}

/** Every value at a path. */
export function allAt(value: unknown, path: JsonPath): unknown[] {
  let values: unknown[] = [value]
  for (const step of path) values = values.flatMap((each) => stepInto(each, step))
  return values
}

function stepInto(value: unknown, step: Step): unknown[] {
  switch (step.type) {
    case 'field':
      return isPlainObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
    case 'index': {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined
      return item === undefined ? [] : [item]
    }
    case 'all':
      return membersOf(value)
    case 'filter':
      return membersOf(value).filter((item) => {
        const found = allAt(item, step.path)
        return step.test === undefined ? found.length > 0 : compare(found[0], step.test)
      })
  }
}

function membersOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isPlainObject(value) ? Object.values(value) : []
}

function compare(left: unknown, { operator, value: right }: Comparison): boolean {
  if (operator === '==') return left === right
  if (operator === '!=') return left !== right
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string'))
    return false
  const order = left < (right as typeof left) ? -1 : left === right ? 0 : 1
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}
