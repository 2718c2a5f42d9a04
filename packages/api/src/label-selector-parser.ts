import { type SelectorToken, selectorTokens } from './label-selector-lexer.ts'
import { labelValueRules, qualifiedNameRules } from './name.ts'
import type { LabelRequirement, LabelSelector } from './selector.ts'
import { badRequest } from './status.ts'

/** Parses `app=till,tier in (a, b),!canary`. Throws BadRequest in Kubernetes' words. */
export function parseLabelSelector(text: string): LabelSelector {
  const reader = readerOf(selectorTokens(text))
  const requirements: LabelRequirement[] = []
  for (;;) {
    const first = reader.peek()
    if (first.type === 'end') return requirements
    if (first.type !== 'identifier' && first.type !== '!')
      throw badRequest(`found '${first.text}', expected: !, identifier, or 'end of string'`)
    requirements.push(requirementAt(reader))
    const next = reader.take()
    if (next.type === 'end') return requirements
    if (next.type !== ',')
      throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`)
    const after = reader.peek()
    if (after.type !== 'identifier' && after.type !== '!')
      throw badRequest(`found '${after.text}', expected: identifier after ','`)
  }
}

type Reader = {
  /** The next token, where the words `in` and `notin` are names like any other. */
  peek(): SelectorToken
  take(): SelectorToken
  takeOperator(): SelectorToken
}

function readerOf(tokens: readonly SelectorToken[]): Reader {
  let at = 0
  const asValue = (token: SelectorToken): SelectorToken =>
    token.type === 'in' || token.type === 'notin' ? { ...token, type: 'identifier' } : token
  const next = (): SelectorToken => {
    const token = tokens[at]!
    if (at < tokens.length - 1) at += 1
    return token
  }
  return { peek: () => asValue(tokens[at]!), take: () => asValue(next()), takeOperator: next }
}

function requirementAt(reader: Reader): LabelRequirement {
  let token = reader.take()
  const isAbsent = token.type === '!'
  if (isAbsent) token = reader.take()
  if (token.type !== 'identifier') throw unparsable(`found '${token.text}', expected: identifier`)
  const key = token.text
  check('<nil>', key, qualifiedNameRules(key))
  if (isAbsent) return { key, operator: 'DoesNotExist' }
  const { type } = reader.peek()
  if (type === 'end' || type === ',') return { key, operator: 'Exists' }
  return comparisonAt(reader, key)
}

function comparisonAt(reader: Reader, key: string): LabelRequirement {
  const operator = reader.takeOperator()
  switch (operator.type) {
    case 'in':
    case 'notin': {
      const values = [...valuesAt(reader)].toSorted()
      for (const [index, value] of values.entries()) checkValue(key, value, index)
      return { key, operator: operator.type === 'in' ? 'In' : 'NotIn', values }
    }
    case '=':
    case '==':
    case '!=': {
      const value = exactValueAt(reader)
      checkValue(key, value, 0)
      return { key, operator: operator.type === '!=' ? 'NotIn' : 'In', values: [value] }
    }
    case '>':
    case '<': {
      const value = exactValueAt(reader)
      if (!/^[+-]?\d{1,18}$/.test(value))
        check('values[0]', value, ["for 'Gt', 'Lt' operators, the value must be an integer"])
      checkValue(key, value, 0)
      return { key, operator: operator.type === '>' ? 'Gt' : 'Lt', values: [value] }
    }
    case '!':
    case '(':
    case ')':
    case ',':
    case 'end':
    case 'identifier':
    default:
      throw unparsable(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`)
  }
}

function exactValueAt(reader: Reader): string {
  const { type } = reader.peek()
  if (type === 'end' || type === ',') return ''
  const token = reader.take()
  if (token.type !== 'identifier') throw unparsable(`found '${token.text}', expected: identifier`)
  return token.text
}

/** `(a, b)`; nothing between commas is the empty value. */
function valuesAt(reader: Reader): Set<string> {
  const open = reader.take()
  if (open.type !== '(') throw unparsable(`found '${open.text}' expected: '('`)
  const first = reader.peek()
  if (first.type === ')') {
    reader.take()
    return new Set([''])
  }
  if (first.type !== 'identifier' && first.type !== ',')
    throw unparsable(`found '${first.text}', expected: ',', ')' or identifier`)
  const values = identifiersAt(reader)
  const close = reader.take()
  if (close.type !== ')') throw unparsable(`found '${close.text}', expected: ')'`)
  return values
}

function identifiersAt(reader: Reader): Set<string> {
  const values = new Set<string>()
  for (;;) {
    const token = reader.take()
    const next = reader.peek()
    if (token.type === 'identifier') {
      values.add(token.text)
      if (next.type === ')') return values
      if (next.type !== ',') throw unparsable(`found '${next.text}', expected: ',' or ')'`)
    } else if (token.type === ',') {
      if (values.size === 0) values.add('')
      if (next.type === ')') return values.add('')
      if (next.type === ',') {
        reader.take()
        values.add('')
      }
    } else throw unparsable(`found '${token.text}', expected: ',', or identifier`)
  }
}

function checkValue(key: string, value: string, index: number): void {
  check(`values[${index}][${key}]`, value, labelValueRules(value))
}

function check(path: string, value: string, rules: readonly string[]): void {
  if (rules.length > 0)
    throw unparsable(`${path}: Invalid value: ${JSON.stringify(value)}: ${rules.join('; ')}`)
}

const unparsable = (why: string) => badRequest(`unable to parse requirement: ${why}`)
