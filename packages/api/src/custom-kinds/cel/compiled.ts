import { CompileFault, type Meter, fault } from './fault.ts'
import type { Node } from './parse.ts'
import * as types from './types.ts'
import { type Type, typeText } from './types.ts'
import { ObjectValue, type Value } from './values.ts'

/** What names stand for while an expression is evaluated, and what it may still cost. */
export type Frame = { readonly meter: Meter; readonly values: Value[] }

export type Run = (frame: Frame) => Value

/** An expression that fits its types, ready to be evaluated. */
export type Compiled = { readonly type: Type; readonly run: Run }

/** The names that there are: what they are and where in the frame they stand. */
export type Scope = ReadonlyMap<string, { readonly type: Type; readonly slot: number }>

type Select = Extract<Node, { type: 'select' }>

type Member = {
  readonly type: Type
  /** Undefined: it is not there. */
  readonly get: (value: Value, meter: Meter) => Value | undefined
}

/** A field of an object, or an entry of a map. */
export function member({ field, at }: Pick<Select, 'field' | 'at'>, holder: Type): Member {
  if (holder.kind === 'object') {
    const found = holder.fields.get(field)
    if (found === undefined) throw new CompileFault(at, `undefined field '${field}'`)
    const { name, type } = found
    return {
      type,
      get: (value, meter) =>
        value instanceof ObjectValue && value.has(name) ? value.get(name, type, meter) : undefined,
    }
  }
  const fromMap: Member['get'] = (value) => (value instanceof Map ? value.get(field) : undefined)
  if (holder.kind === 'map') return { type: holder.of, get: fromMap }
  if (holder.kind !== 'dyn')
    throw new CompileFault(at, `type '${typeText(holder)}' does not support field selection`)
  return {
    type: types.dyn,
    get: (value, meter) => {
      if (!(value instanceof ObjectValue)) return fromMap(value, meter)
      const found = value.type.fields.get(field)
      return found !== undefined && value.has(found.name)
        ? value.get(found.name, found.type, meter)
        : undefined
    },
  }
}

export function isTrue(value: Value): boolean {
  if (typeof value !== 'boolean') throw fault('no such overload')
  return value
}

export function noOverload(
  at: number,
  name: string,
  given: readonly Type[],
  isMember = false,
): CompileFault {
  const [target = '', ...rest] = given.map(typeText)
  const applied = isMember
    ? `${target}.(${rest.join(', ')})`
    : `(${given.map(typeText).join(', ')})`
  return new CompileFault(at, `found no matching overload for '${name}' applied to '${applied}'`)
}
