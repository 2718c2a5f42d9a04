import { CompileFault } from './fault.ts'
import { expressionCharactersMax, expressionDepthMax } from './limits.ts'
import { type Token, tokensOf } from './tokens.ts'

/** An expression, as it was written. `at` is where it stands in the text. */
export type Node = { readonly at: number } & (
  | {
      readonly type: 'literal'
      readonly kind: Token['type'] | 'bool' | 'null'
      readonly text: string
    }
  | { readonly type: 'ident'; readonly name: string }
  | {
      readonly type: 'select'
      readonly on: Node
      readonly field: string
      readonly isOptional: boolean
    }
  | {
      readonly type: 'index'
      readonly on: Node
      readonly index: Node
      readonly isOptional: boolean
    }
  | {
      readonly type: 'call'
      readonly name: string
      readonly target?: Node
      readonly args: readonly Node[]
    }
  | { readonly type: 'list'; readonly items: readonly Node[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [Node, Node])[] }
)

/** Reads an expression of CEL. Throws CompileFault. */
export function parseExpression(text: string): Node {
  if (text.length > expressionCharactersMax)
    throw new CompileFault(0, `expression is longer than ${expressionCharactersMax} characters`)
  const parser = new Parser(tokensOf(text))
  return parser.whole()
}

/** Loosest first. */
const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['<', '<=', '>', '>=', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
]

const expected =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Node {
    const node = this.#ternary()
    const { type, text, at } = this.#peek()
    if (type !== 'end')
      throw new CompileFault(at, `Syntax error: extraneous input '${text}' expecting <EOF>`)
    return node
  }

  #peek(): Token {
    return this.#tokens[this.#next]!
  }

  #is(text: string): boolean {
    const token = this.#peek()
    return token.text === text && (token.type === 'mark' || token.type === 'ident')
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false
    this.#next += 1
    return true
  }

  #need(text: string): void {
    const { at, text: found } = this.#peek()
    if (!this.#take(text))
      throw new CompileFault(at, `Syntax error: mismatched input '${found}' expecting '${text}'`)
  }

  #ternary(): Node {
    this.#depth += 1
    const { at } = this.#peek()
    if (this.#depth > expressionDepthMax)
      throw new CompileFault(at, `expression recursion limit exceeded: ${expressionDepthMax}`)
    const condition = this.#binary(0)
    const mark = this.#peek()
    let node = condition
    if (this.#take('?')) {
      const yes = this.#binary(0)
      this.#need(':')
      const no = this.#ternary()
      node = { type: 'call', name: '_?_:_', args: [condition, yes, no], at: mark.at }
    }
    this.#depth -= 1
    return node
  }

  #binary(level: number): Node {
    const marks = levels[level]
    if (marks === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    for (;;) {
      const { text, at } = this.#peek()
      if (!marks.includes(text) || !this.#is(text)) return left
      this.#next += 1
      const right = this.#binary(level + 1)
      const name = text === 'in' ? '@in' : `_${text}_`
      left = { type: 'call', name, args: [left, right], at }
    }
  }

  #unary(): Node {
    const { at, type, text } = this.#peek()
    if (type === 'mark' && (text === '!' || text === '-')) {
      this.#next += 1
      const token = this.#peek()
      if (text === '-' && (token.type === 'int' || token.type === 'double')) {
        this.#next += 1
        const literal: Node = { type: 'literal', kind: token.type, text: `-${token.text}`, at }
        return this.#members(literal)
      }
      this.#depth += 1
      if (this.#depth > expressionDepthMax)
        throw new CompileFault(at, `expression recursion limit exceeded: ${expressionDepthMax}`)
      const arg = this.#unary()
      this.#depth -= 1
      return { type: 'call', name: `${text}_`, args: [arg], at }
    }
    return this.#members(this.#primary())
  }

  #members(first: Node): Node {
    let node = first
    for (;;) {
      const { at } = this.#peek()
      if (this.#take('.')) {
        const isOptional = this.#take('?')
        const name = this.#identifier()
        if (!isOptional && this.#is('(')) {
          const open = this.#peek().at
          node = { type: 'call', name, target: node, args: this.#arguments(), at: open }
        } else node = { type: 'select', on: node, field: name, isOptional, at }
      } else if (this.#take('[')) {
        const isOptional = this.#take('?')
        const index = this.#ternary()
        this.#need(']')
        node = { type: 'index', on: node, index, isOptional, at }
      } else return node
    }
  }

  #identifier(): string {
    const { type, text, at } = this.#peek()
    if (type !== 'ident')
      throw new CompileFault(at, `Syntax error: no viable alternative at input '.${text}'`)
    this.#next += 1
    return text
  }

  #arguments(): Node[] {
    this.#need('(')
    const args: Node[] = []
    if (this.#take(')')) return args
    do args.push(this.#ternary())
    while (this.#take(','))
    this.#need(')')
    return args
  }

  #primary(): Node {
    const token = this.#peek()
    const { type, text, at } = token
    if (type === 'mark') {
      if (this.#take('(')) {
        const inner = this.#ternary()
        this.#need(')')
        return inner
      }
      if (this.#take('[')) return this.#list(at)
      if (this.#take('{')) return this.#map(at)
      if (text === '.') this.#next += 1
      return this.#name(this.#peek())
    }
    if (type === 'ident') return this.#name(token)
    if (type === 'end')
      throw new CompileFault(at, `Syntax error: mismatched input '<EOF>' expecting ${expected}`)
    this.#next += 1
    return { type: 'literal', kind: type, text, at }
  }

  #name({ type, text, at }: Token): Node {
    if (type !== 'ident' || text === 'in')
      throw new CompileFault(at, `Syntax error: mismatched input '${text}' expecting ${expected}`)
    this.#next += 1
    if (text === 'true' || text === 'false') return { type: 'literal', kind: 'bool', text, at }
    if (text === 'null') return { type: 'literal', kind: 'null', text, at }
    if (!this.#is('(')) return { type: 'ident', name: text, at }
    const open = this.#peek().at
    return { type: 'call', name: text, args: this.#arguments(), at: open }
  }

  #list(at: number): Node {
    const items: Node[] = []
    while (!this.#is(']')) {
      items.push(this.#ternary())
      if (!this.#take(',')) break
    }
    this.#need(']')
    return { type: 'list', items, at }
  }

  #map(at: number): Node {
    const entries: [Node, Node][] = []
    while (!this.#is('}')) {
      const key = this.#ternary()
      this.#need(':')
      entries.push([key, this.#ternary()])
      if (!this.#take(',')) break
    }
    this.#need('}')
    return { type: 'map', entries, at }
  }
}
