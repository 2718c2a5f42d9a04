import { type Compiled, type Run, type Scope, isTrue, member, noOverload } from './compiled.ts'
import { CompileFault, caught, charge, fault } from './fault.ts'
import type { Node } from './parse.ts'
import * as types from './types.ts'
import { type Type, fits, typeText } from './types.ts'
import { Optional, type Value } from './values.ts'

/** How what stands inside is read: given, since it may hold macros in turn. */
type Compile = (node: Node, scope: Scope) => Compiled
type Call = Extract<Node, { type: 'call' }>

/** `has`, and the functions that bring names of their own: `all(x, ...)`. Undefined if it is none of them. */
export function compileMacro(node: Call, scope: Scope, compile: Compile): Compiled | undefined {
  const { name, target, args } = node
  if (name === 'has' && target === undefined && args.length === 1) return has(node, scope, compile)
  if (name === 'bind' && target?.type === 'ident' && target.name === 'cel' && args.length === 3)
    return bind(node, scope, compile)
  if (target === undefined) return undefined
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2)
    return optMap(node, scope, compile)
  const found = shapes
    .get(name)
    ?.find(({ variables, bodies }) => variables + bodies === args.length)
  return found && loop(node, scope, { compile, ...found })
}

function has({ args, at }: Call, scope: Scope, compile: Compile): Compiled {
  const [arg] = args
  if (arg?.type !== 'select') throw new CompileFault(at, 'invalid argument to has() macro')
  const on = compile(arg.on, scope)
  const { get } = member(arg, on.type.kind === 'optional' ? on.type.of : on.type)
  return {
    type: types.bool,
    run: (frame) => {
      charge(frame.meter, 1)
      const value = on.run(frame)
      const inner = value instanceof Optional ? value.value : value
      return inner !== undefined && get(inner, frame.meter) !== undefined
    },
  }
}

function bind({ args, at }: Call, scope: Scope, compile: Compile): Compiled {
  const [name, value, body] = args
  if (name?.type !== 'ident') throw new CompileFault(at, 'cel.bind() needs a name')
  const bound = compile(value!, scope)
  const inner = within(scope, [[name.name, bound.type]])
  const { type, run } = compile(body!, inner)
  const slot = inner.get(name.name)!.slot
  return {
    type,
    run: (frame) => {
      frame.values[slot] = bound.run(frame)
      return run(frame)
    },
  }
}

function optMap({ name, target, args, at }: Call, scope: Scope, compile: Compile): Compiled {
  const on = compile(target!, scope)
  const [variable, body] = args
  if (variable?.type !== 'ident' || (on.type.kind !== 'optional' && on.type.kind !== 'dyn'))
    throw noOverload(at, name, [on.type])
  const inner = within(scope, [
    [variable.name, on.type.kind === 'optional' ? on.type.of : types.dyn],
  ])
  const { type, run } = compile(body!, inner)
  const slot = inner.get(variable.name)!.slot
  const isFlat = name === 'optFlatMap'
  return {
    type: isFlat ? type : types.optionalOf(type),
    run: (frame) => {
      charge(frame.meter, 1)
      const value = on.run(frame)
      if (!(value instanceof Optional) || value.value === undefined) return new Optional(undefined)
      frame.values[slot] = value.value
      const made = run(frame)
      return isFlat ? made : new Optional(made)
    },
  }
}

/** The scope with more names, each in a slot that nobody else of the scope has. */
function within(scope: Scope, names: readonly (readonly [string, Type])[]): Scope {
  const first = Math.max(-1, ...[...scope.values()].map(({ slot }) => slot)) + 1
  return new Map([
    ...scope,
    ...names.map(([name, type], index) => [name, { type, slot: first + index }] as const),
  ])
}

type Shape = { readonly variables: 1 | 2; readonly bodies: 1 | 2 }

const one: Shape = { variables: 1, bodies: 1 }
const two: Shape = { variables: 2, bodies: 1 }

const shapes: ReadonlyMap<string, readonly Shape[]> = new Map(
  Object.entries({
    all: [one, two],
    exists: [one, two],
    exists_one: [one, two],
    existsOne: [one, two],
    filter: [one],
    map: [one, { variables: 1, bodies: 2 }],
    transformList: [two, { variables: 2, bodies: 2 }],
  }),
)

type Folding = {
  readonly bodies: readonly Run[]
  readonly set: (values: Value[], first: Value, second: Value) => void
}

function loop(
  node: Call,
  scope: Scope,
  { variables, compile }: Shape & { readonly compile: Compile },
): Compiled {
  const { name, target, args, at } = node
  const on = compile(target!, scope)
  if (!['list', 'map', 'dyn'].includes(on.type.kind))
    throw new CompileFault(
      at,
      `expression of type '${typeText(on.type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    )
  const names = args.slice(0, variables).map((arg) => {
    if (arg.type !== 'ident') throw new CompileFault(arg.at, 'argument must be a simple name')
    return arg.name
  })
  const kinds = variableTypes(on.type, variables)
  const inner = within(
    scope,
    names.map((each, index) => [each, kinds[index]!] as const),
  )
  const bodies = args.slice(variables).map((body) => compile(body, inner))
  const isMaking = name === 'map' || name === 'transformList'
  const conditions = isMaking ? bodies.slice(0, -1) : bodies
  for (const { type } of conditions)
    if (!fits(type, types.bool)) throw noOverload(at, `_?_:_`, [type])
  const [first = 0, second = 0] = names.map((each) => inner.get(each)!.slot)
  const folding: Folding = {
    bodies: bodies.map(({ run }) => run),
    set: (values, key, value) => {
      values[first] = key
      if (variables === 2) values[second] = value
    },
  }
  const type = isMaking
    ? types.listOf(bodies.at(-1)!.type)
    : name === 'filter'
      ? types.listOf(kinds[0]!)
      : types.bool
  return {
    type,
    run: (frame) => {
      const value = on.run(frame)
      return folds[name]!(entriesOf(value, variables), folding, frame)
    },
  }
}

function variableTypes(type: Type, variables: 1 | 2): Type[] {
  if (type.kind === 'list') return variables === 1 ? [type.of] : [types.int, type.of]
  if (type.kind === 'map') return variables === 1 ? [type.key] : [type.key, type.of]
  return [types.dyn, types.dyn]
}

type Entries = Iterable<readonly [Value, Value]>

function entriesOf(value: Value, variables: 1 | 2): Entries {
  if (Array.isArray(value))
    return (value as Value[]).map((item, index): [Value, Value] =>
      variables === 1 ? [item, item] : [BigInt(index), item],
    )
  if (value instanceof Map) return (value as ReadonlyMap<Value, Value>).entries()
  throw fault('no such overload')
}

type Fold = (entries: Entries, folding: Folding, frame: Parameters<Run>[0]) => Value

/** True for one decides; an item without an answer decides nothing unless no other does. */
function deciding(decides: boolean): Fold {
  return (entries, { bodies, set }, frame) => {
    let first: Error | undefined
    for (const [key, value] of entries) {
      charge(frame.meter, 2)
      set(frame.values, key, value)
      try {
        if (isTrue(bodies[0]!(frame)) === decides) return decides
      } catch (thrown) {
        const paid = caught(thrown, frame.meter)
        first ??= paid
      }
    }
    if (first !== undefined) throw first
    return !decides
  }
}

const existsOne: Fold = (entries, { bodies, set }, frame) => {
  let count = 0
  for (const [key, value] of entries) {
    charge(frame.meter, 2)
    set(frame.values, key, value)
    if (isTrue(bodies[0]!(frame))) count += 1
  }
  return count === 1
}

const making: Fold = (entries, { bodies, set }, frame) => {
  const made: Value[] = []
  const condition = bodies.length === 2 ? bodies[0] : undefined
  for (const [key, value] of entries) {
    charge(frame.meter, 3)
    set(frame.values, key, value)
    if (condition === undefined || isTrue(condition(frame))) made.push(bodies.at(-1)!(frame))
  }
  return made
}

const filtering: Fold = (entries, { bodies, set }, frame) => {
  const kept: Value[] = []
  for (const [key, value] of entries) {
    charge(frame.meter, 3)
    set(frame.values, key, value)
    if (isTrue(bodies[0]!(frame))) kept.push(key)
  }
  return kept
}

const folds: Readonly<Record<string, Fold>> = {
  all: deciding(false),
  exists: deciding(true),
  exists_one: existsOne,
  existsOne,
  map: making,
  transformList: making,
  filter: filtering,
}
