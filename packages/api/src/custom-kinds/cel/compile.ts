import { CompileFault, caught, charge, fault } from './fault.ts'
import { functions } from './functions.ts'
import { compileMacro } from './macros.ts'
import {
  type Compiled,
  type Frame,
  type Run,
  type Scope,
  isTrue,
  member,
  noOverload,
} from './compiled.ts'
import { mayBeEqual, textOf } from './operators.ts'
import { type Overload, callOverload, matching } from './overload.ts'
import { type Node, parseExpression } from './parse.ts'
import * as types from './types.ts'
import { type Type, fits } from './types.ts'
import { Optional, Uint, type Value } from './values.ts'

/** Reads an expression and checks it against its types. Throws CompileFault. */
export function compileExpression(
  text: string,
  names: readonly (readonly [string, Type])[],
): Compiled {
  const scope: Scope = new Map(names.map(([name, type], slot) => [name, { type, slot }]))
  return compile(parseExpression(text), scope)
}

/** With a cost for each step: nothing is free that can be done a million times. */
export function compile(node: Node, scope: Scope): Compiled {
  switch (node.type) {
    case 'literal':
      return literal(node)
    case 'ident':
      return identifier(node, scope)
    case 'select':
      return select(node, compile(node.on, scope))
    case 'index':
      return index(node, compile(node.on, scope), compile(node.index, scope))
    case 'list': {
      const items = node.items.map((item) => compile(item, scope))
      const of = common(items.map(({ type }) => type))
      return {
        type: types.listOf(of),
        run: (frame) => {
          charge(frame.meter, 1 + items.length)
          return items.map(({ run }) => run(frame))
        },
      }
    }
    case 'map':
      return mapLiteral(node, scope)
    case 'call':
      return compileMacro(node, scope, compile) ?? special(node, scope) ?? call(node, scope)
  }
}

function common(all: readonly Type[]): Type {
  const [first, ...rest] = all
  if (first === undefined) return types.dyn
  return rest.every((type) => type.kind === first.kind && fits(type, first)) ? first : types.dyn
}

function literal(node: Extract<Node, { type: 'literal' }>): Compiled {
  const constant = (type: Type, value: Value): Compiled => ({ type, run: () => value })
  const { kind, text, at } = node
  switch (kind) {
    case 'int': {
      const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)
      if (!isInt64(value)) throw new CompileFault(at, `invalid int literal`)
      return constant(types.int, value)
    }
    case 'uint':
      return constant(types.uint, new Uint(BigInt(text.slice(0, -1))))
    case 'double':
      return constant(types.double, Number(text))
    case 'string':
      return constant(types.string, text)
    case 'bytes':
      return constant(types.bytes, new TextEncoder().encode(text))
    case 'bool':
      return constant(types.bool, text === 'true')
    case 'null':
    case 'end':
    case 'ident':
    case 'mark':
      return constant(types.nullType, null)
  }
}

export function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value
}

function identifier(node: Extract<Node, { type: 'ident' }>, scope: Scope): Compiled {
  const found = scope.get(node.name)
  if (found === undefined)
    throw new CompileFault(node.at, `undeclared reference to '${node.name}' (in container '')`)
  const { slot, type } = found
  return {
    type,
    run: ({ meter, values }) => {
      charge(meter, 1)
      return values[slot]!
    },
  }
}

type Select = Extract<Node, { type: 'select' }>

function select(node: Select, on: Compiled): Compiled {
  const isThrough = node.isOptional || on.type.kind === 'optional'
  const holder = on.type.kind === 'optional' ? on.type.of : on.type
  const { get, type } = member(node, holder)
  if (!isThrough) {
    return {
      type,
      run: (frame) => {
        charge(frame.meter, 1)
        const value = get(on.run(frame), frame.meter)
        if (value === undefined) throw fault(`no such key: ${node.field}`)
        return value
      },
    }
  }
  return {
    type: types.optionalOf(type),
    run: (frame) => {
      charge(frame.meter, 1)
      const value = on.run(frame)
      const inner = value instanceof Optional ? value.value : value
      return new Optional(inner === undefined ? undefined : get(inner, frame.meter))
    },
  }
}

function index(node: Extract<Node, { type: 'index' }>, on: Compiled, at: Compiled): Compiled {
  const holder = on.type.kind === 'optional' ? on.type.of : on.type
  const key = holder.kind === 'map' ? holder.key : types.int
  const isKnown = holder.kind === 'list' || holder.kind === 'map'
  if ((!isKnown && holder.kind !== 'dyn') || (isKnown && !fits(at.type, key)))
    throw noOverload(node.at, '_[_]', [on.type, at.type])
  const type = holder.kind === 'list' || holder.kind === 'map' ? holder.of : types.dyn
  const isThrough = node.isOptional || on.type.kind === 'optional'
  const run = (frame: Frame): Value => {
    charge(frame.meter, 1)
    const value = on.run(frame)
    const inner = value instanceof Optional ? value.value : value
    const wanted = at.run(frame)
    const found = inner === undefined ? undefined : itemAt(inner, wanted)
    if (isThrough) return new Optional(found)
    if (found !== undefined) return found
    const what = Array.isArray(inner) ? 'index out of bounds' : 'no such key'
    throw fault(`${what}: ${textOf(wanted)}`)
  }
  return { type: isThrough ? types.optionalOf(type) : type, run }
}

function itemAt(value: Value, wanted: Value): Value | undefined {
  if (Array.isArray(value)) return (value as Value[])[Number(wanted)]
  return value instanceof Map ? (value as ReadonlyMap<Value, Value>).get(wanted) : undefined
}

function mapLiteral(node: Extract<Node, { type: 'map' }>, scope: Scope): Compiled {
  const entries = node.entries.map(
    ([key, value]) => [compile(key, scope), compile(value, scope)] as const,
  )
  return {
    type: types.mapOf(
      common(entries.map(([key]) => key.type)),
      common(entries.map(([, value]) => value.type)),
    ),
    run: (frame) => {
      charge(frame.meter, 1 + entries.length)
      return new Map(entries.map(([key, value]) => [key.run(frame), value.run(frame)]))
    },
  }
}

/** What does not evaluate all of its parts. */
function special(node: Extract<Node, { type: 'call' }>, scope: Scope): Compiled | undefined {
  const { name, args } = node
  if (name === '_?_:_') {
    const [condition, yes, no] = args.map((arg) => compile(arg, scope))
    if (!fits(condition!.type, types.bool) || !fits(yes!.type, no!.type))
      throw noOverload(node.at, name, [condition!.type, yes!.type, no!.type])
    return {
      type: common([yes!.type, no!.type]),
      run: (frame) => {
        charge(frame.meter, 1)
        return (isTrue(condition!.run(frame)) ? yes! : no!).run(frame)
      },
    }
  }
  if (name !== '_&&_' && name !== '_||_') return undefined
  const [left, right] = args.map((arg) => compile(arg, scope))
  if (!fits(left!.type, types.bool) || !fits(right!.type, types.bool))
    throw noOverload(node.at, name, [left!.type, right!.type])
  return { type: types.bool, run: either(left!.run, right!.run, name === '_||_') }
}

/** Whichever side decides, decides, even when the other has no answer; but not when the budget is used up. */
function either(left: Run, right: Run, decides: boolean): Run {
  return (frame) => {
    charge(frame.meter, 1)
    let first: Error | undefined
    try {
      const value = isTrue(left(frame))
      if (value === decides) return decides
    } catch (thrown) {
      first = caught(thrown, frame.meter)
    }
    const value = isTrue(right(frame))
    if (value === decides || first === undefined) return value
    throw first
  }
}

function call(node: Extract<Node, { type: 'call' }>, scope: Scope): Compiled {
  const { name, target, args, at } = node
  // A name with dots before it may be a function of a library: `math.greatest`.
  const library = target?.type === 'ident' && !scope.has(target.name) ? target.name : undefined
  const qualified = library === undefined ? undefined : functions.get(`${library}.${name}`)
  const overloads = qualified ?? functions.get(name)
  if (overloads === undefined) {
    if (library !== undefined && !functions.has(name)) compile(target!, scope)
    throw new CompileFault(at, `undeclared reference to '${name}' (in container '')`)
  }
  const parts = target === undefined || qualified !== undefined ? args : [target, ...args]
  const isMember = target !== undefined && qualified === undefined
  const compiled = parts.map((part) => compile(part, scope))
  const given = compiled.map(({ type }) => type)
  const candidates = matching(overloads, given, isMember)
  if (candidates.length === 0 || !isSensible(name, given))
    throw noOverload(at, name, given, isMember)
  const runs = compiled.map(({ run }) => run)
  return {
    type: resultOf(candidates, given),
    run: (frame) => {
      charge(frame.meter, 1)
      return callOverload(
        candidates,
        runs.map((run) => run(frame)),
        frame.meter,
      )
    },
  }
}

/** What can never be equal is not compared by intent. */
function isSensible(name: string, [left, right]: readonly Type[]): boolean {
  if (name === '_==_' || name === '_!=_') return mayBeEqual(left!, right!)
  if (name !== '@in') return true
  return right!.kind === 'list'
    ? mayBeEqual(left!, right!.of)
    : right!.kind !== 'map' || mayBeEqual(left!, right!.key)
}

function resultOf(candidates: readonly Overload[], given: readonly Type[]): Type {
  return common(
    candidates.map(({ result }) => (typeof result === 'function' ? result(given) : result)),
  )
}
