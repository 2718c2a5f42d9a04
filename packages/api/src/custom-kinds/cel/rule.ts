import { escapedName } from './types.ts'
import type { ValidationRule } from '../../schema.ts'
import { parseJsonPath } from '../json-path.ts'
import { compileExpression } from './compile.ts'
import type { Compiled } from './compiled.ts'
import { CompileFault } from './fault.ts'
import { type Node, parseExpression } from './parse.ts'
import { type Type, optionalOf } from './types.ts'

/** A rule that was read and fits its types. */
export type CompiledRule = {
  readonly rule: ValidationRule
  readonly expression: Compiled
  readonly message: Compiled | undefined
  /** A rule about a change has nothing to say where nothing was before. */
  readonly usesOldSelf: boolean
}

export type RuleFault = { readonly field: string; readonly message: string }

/** A rule of values of a type, or what keeps it from being one. */
export function compileRule(rule: ValidationRule, type: Type): CompiledRule | RuleFault {
  const names = [
    ['self', type],
    ['oldSelf', rule.optionalOldSelf === true ? optionalOf(type) : type],
  ] as const
  const expression = tryCompile(rule.rule, names)
  if (typeof expression === 'string') return { field: 'rule', message: expression }
  if (expression.type.kind !== 'bool' && expression.type.kind !== 'dyn')
    return { field: 'rule', message: 'cel expression must evaluate to a bool' }
  const usesOldSelf = speaksOf(parseExpression(rule.rule), 'oldSelf')
  if (rule.optionalOldSelf !== undefined && !usesOldSelf)
    return {
      field: 'optionalOldSelf',
      message: 'may not be set if oldSelf is not used in rule',
    }
  if ((rule.messageExpression ?? '') === '')
    return { rule, expression, message: undefined, usesOldSelf }
  const message = tryCompile(rule.messageExpression!, names)
  if (typeof message === 'string') return { field: 'messageExpression', message }
  if (message.type.kind !== 'string' && message.type.kind !== 'dyn')
    return { field: 'messageExpression', message: 'messageExpression must evaluate to a string' }
  return { rule, expression, message, usesOldSelf }
}

function tryCompile(text: string, names: readonly (readonly [string, Type])[]): Compiled | string {
  try {
    return compileExpression(text, names)
  } catch (thrown) {
    if (!(thrown instanceof CompileFault)) throw thrown
    return `compilation failed: ${shown(text, thrown)}`
  }
}

/** The fault with the line in which it stands, as `cel-go` shows it. */
function shown(text: string, { at, message }: CompileFault): string {
  const before = text.slice(0, at).split('\n')
  const column = before.at(-1)!.length
  const line = text.split('\n')[before.length - 1] ?? ''
  return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`
}

function speaksOf(node: Node, name: string): boolean {
  const any = (nodes: readonly Node[]): boolean => nodes.some((each) => speaksOf(each, name))
  switch (node.type) {
    case 'ident':
      return node.name === name
    case 'select':
      return speaksOf(node.on, name)
    case 'index':
      return any([node.on, node.index])
    case 'call':
      return any([...(node.target === undefined ? [] : [node.target]), ...node.args])
    case 'list':
      return any(node.items)
    case 'map':
      return any(node.entries.flat())
    case 'literal':
      return false
  }
}

/** The fields that a rule's `fieldPath` names; undefined if it names none of the type. */
export function fieldsOfPath(path: string, type: Type): string[] | undefined {
  const parsed = parseJsonPath(path)
  if (!parsed.ok || parsed.path.length === 0) return undefined
  const names: string[] = []
  let at: Type | undefined = type
  for (const step of parsed.path) {
    if (step.type !== 'field' || at === undefined) return undefined
    names.push(step.name)
    if (at.kind === 'map') at = at.of
    else if (at.kind === 'object') at = at.fields.get(escapedName(step.name) ?? '')?.type
    else return undefined
  }
  return at === undefined ? undefined : names
}
