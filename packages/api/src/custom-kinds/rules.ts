import { equalJson, isPlainObject } from '@skerry/base/json'
import type { KubeObject } from '../object.ts'
import type { Problem, ProblemType } from '../problem.ts'
import type { Schema } from '../schema.ts'
import { itemBefore, join } from '../schema-validate.ts'
import { CostFault, EvalFault, type Meter } from './cel/fault.ts'
import { messageCharactersMax, objectCostMax, ruleCostMax } from './cel/limits.ts'
import { type CompiledRule, compileRule, fieldsOfPath } from './cel/rule.ts'
import { type Type, typeOfSchema } from './cel/types.ts'
import { Optional, type Value, valueOf } from './cel/values.ts'
import type { RulesOf } from './kinds-of-definition.ts'

/** Where in a schema rules are, and what leads there. */
type RuleTree = {
  readonly schema: Schema
  readonly type: Type
  readonly rules: readonly CompiledRule[]
  readonly properties: readonly (readonly [string, RuleTree])[]
  readonly items: RuleTree | undefined
  readonly additional: RuleTree | undefined
}

/** The rules of a schema, ready to be asked; undefined if there are none. */
export const rulesOf: RulesOf = (schema) => {
  const tree = treeOf(schema, true)
  if (tree === undefined) return undefined
  return (object: KubeObject, before?: KubeObject) => {
    const walk: Walk = { problems: [], spent: 0, isOver: false }
    check(walk, tree, { value: object, before, path: '' })
    return walk.problems
  }
}

function treeOf(schema: Schema, isRoot = false): RuleTree | undefined {
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const tree = treeOf(member)
    return tree === undefined ? [] : [[name, tree] as const]
  })
  const items = schema.items && treeOf(schema.items)
  const additional = schema.additionalProperties && treeOf(schema.additionalProperties)
  const type = typeOfSchema(schema, isRoot)
  const rules = type === undefined ? [] : rulesAt(schema, type)
  if (rules.length + properties.length === 0 && items === undefined && additional === undefined)
    return undefined
  return { schema, type: type ?? { kind: 'dyn' }, rules, properties, items, additional }
}

/** What was refused when the definition was made is not here. */
function rulesAt(schema: Schema, type: Type): CompiledRule[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => {
    const compiled = compileRule(rule, type)
    return 'field' in compiled ? [] : [compiled]
  })
}

type Walk = { readonly problems: Problem[]; spent: number; isOver: boolean }
type Place = { readonly value: unknown; readonly before: unknown; readonly path: string }

function check(walk: Walk, tree: RuleTree, place: Place): void {
  const { value, before, path } = place
  if (value === undefined || value === null || walk.isOver) return
  for (const rule of tree.rules) if (!walk.isOver) checkRule(walk, tree, { rule, place })
  if (Array.isArray(value)) {
    if (tree.items === undefined) return
    for (const [index, item] of value.entries())
      check(walk, tree.items, {
        value: item,
        before: itemBefore(tree.schema, before, item),
        path: `${path}[${index}]`,
      })
    return
  }
  if (!isPlainObject(value)) return
  const past = isPlainObject(before) ? before : {}
  const at = (name: string): { value: unknown; before: unknown } => ({
    value: Object.hasOwn(value, name) ? value[name] : undefined,
    before: Object.hasOwn(past, name) ? past[name] : undefined,
  })
  for (const [name, member] of tree.properties)
    check(walk, member, { ...at(name), path: join(path, name) })
  if (tree.additional !== undefined)
    for (const name of Object.keys(value))
      check(walk, tree.additional, { ...at(name), path: `${path}[${name}]` })
}

type Asked = { readonly rule: CompiledRule; readonly place: Place }

function checkRule(walk: Walk, tree: RuleTree, asked: Asked): void {
  const { rule, place } = asked
  const isOptional = rule.rule.optionalOldSelf === true
  if (rule.usesOldSelf && place.before === undefined && !isOptional) return
  const meter: Meter = { spent: 0, max: Math.min(ruleCostMax, objectCostMax - walk.spent) }
  try {
    const values = valuesOf(tree.type, asked, meter)
    if (rule.expression.run({ meter, values }) === true) return
    // What was so before may stay so.
    if (!rule.usesOldSelf && place.before !== undefined && equalJson(place.value, place.before))
      return
    walk.problems.push(failed(tree, asked, messageOf(rule, { meter, values })))
  } catch (thrown) {
    walk.problems.push(unanswered(tree, asked, thrown))
    if (thrown instanceof CostFault) walk.isOver = true
  } finally {
    walk.spent += meter.spent
  }
}

function valuesOf(type: Type, { rule, place }: Asked, meter: Meter): Value[] {
  const self = valueOf(place.value, type, meter)
  if (!rule.usesOldSelf) return [self, null]
  const old = place.before === undefined ? undefined : valueOf(place.before, type, meter)
  return [self, rule.rule.optionalOldSelf === true ? new Optional(old) : (old ?? null)]
}

function messageOf(
  { rule, message }: CompiledRule,
  frame: { readonly meter: Meter; readonly values: Value[] },
): string {
  const plain = rule.message?.trim() ?? ''
  const otherwise = plain === '' ? `failed rule: ${rule.rule.trim()}` : plain
  if (message === undefined) return otherwise
  try {
    const made = message.run(frame)
    const isGood =
      typeof made === 'string' &&
      made.trim() !== '' &&
      made.length <= messageCharactersMax &&
      !made.includes('\n')
    return isGood ? made : otherwise
  } catch (thrown) {
    if (thrown instanceof EvalFault) return otherwise
    throw thrown
  }
}

const types: Readonly<Partial<Record<string, ProblemType>>> = {
  FieldValueRequired: 'Required',
  FieldValueForbidden: 'Forbidden',
  FieldValueDuplicate: 'Duplicate',
}

function failed(tree: RuleTree, { rule, place }: Asked, message: string): Problem {
  const { fieldPath = '', reason = '' } = rule.rule
  const names = fieldPath === '' ? [] : (fieldsOfPath(fieldPath, tree.type) ?? [])
  const type = types[reason] ?? 'Invalid'
  const { value } = place
  const isShown = type !== 'Required' && type !== 'Forbidden' && !isHolder(value)
  return {
    path: names.reduce(join, place.path),
    type,
    ...(isShown && names.length === 0 ? { value } : {}),
    message,
  }
}

const isHolder = (value: unknown): boolean => Array.isArray(value) || isPlainObject(value)

function unanswered(tree: RuleTree, { rule, place }: Asked, thrown: unknown): Problem {
  const text = rule.rule.rule.trim()
  const value = tree.schema.type ?? ''
  const path = place.path
  if (thrown instanceof CostFault)
    return {
      path,
      type: 'Invalid',
      value,
      message: `'${thrown.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
    }
  if (!(thrown instanceof EvalFault)) throw thrown
  return { path, type: 'Invalid', value, message: `${thrown.message} evaluating rule: ${text}` }
}
