import { CompileFault } from './fault.ts'

export type Token = {
  readonly type: 'ident' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'mark' | 'end'
  readonly text: string
  /** Where it begins. */
  readonly at: number
}

const space = /(?:\s|\/\/[^\n]*)*/y
const number =
  /(?:0x[0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+[uU]?)/y
const ident = /[_a-zA-Z][_a-zA-Z0-9]*/y
const escapedIdent = /`[a-zA-Z0-9_.\-/ ]+`/y
const mark = /&&|\|\||==|!=|<=|>=|\?|\[|\]|[{}().,:+\-*/%<>!]/y
const quote = /([rR]?[bB]?|[bB][rR])("""|'''|"|')/y

/** The words of an expression. Throws CompileFault. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  for (;;) {
    at += take(space)?.length ?? 0
    if (at >= text.length) break
    const token = takeString(text, at) ?? takeOther(take, at)
    if (token === undefined)
      throw new CompileFault(at, `Syntax error: token recognition error at: '${text[at]}'`)
    tokens.push(token.token)
    at = token.end
  }
  return [...tokens, { type: 'end', text: '<EOF>', at }]
}

type Taken = { readonly token: Token; readonly end: number }

function takeOther(take: (pattern: RegExp) => string | undefined, at: number): Taken | undefined {
  const digits = take(number)
  if (digits !== undefined) {
    const isHex = digits.startsWith('0x')
    const type = /[uU]$/.test(digits) ? 'uint' : !isHex && /[.eE]/.test(digits) ? 'double' : 'int'
    return { token: { type, text: digits, at }, end: at + digits.length }
  }
  const name = take(ident)
  if (name !== undefined) return { token: { type: 'ident', text: name, at }, end: at + name.length }
  const escaped = take(escapedIdent)
  if (escaped !== undefined)
    return { token: { type: 'ident', text: escaped.slice(1, -1), at }, end: at + escaped.length }
  const sign = take(mark)
  return sign === undefined
    ? undefined
    : { token: { type: 'mark', text: sign, at }, end: at + sign.length }
}

function takeString(text: string, at: number): Taken | undefined {
  quote.lastIndex = at
  const found = quote.exec(text)
  if (found === null) return undefined
  const [opening, prefix = '', mark = ''] = found
  const isRaw = /r/i.test(prefix)
  const type = /b/i.test(prefix) ? 'bytes' : 'string'
  let value = ''
  for (let index = at + opening.length; index < text.length;) {
    if (text.startsWith(mark, index))
      return { token: { type, text: value, at }, end: index + mark.length }
    const character = text[index]!
    if (character === '\n' && mark.length === 1) break
    if (character === '\\' && !isRaw) {
      const [decoded, length] = escapeAt(text, index)
      value += decoded
      index += length
    } else {
      value += character
      index += 1
    }
  }
  throw new CompileFault(at, `Syntax error: token recognition error at: '${opening}'`)
}

const simple: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
  '?': '?',
}
const coded = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[xX]([0-9a-fA-F]{2})|([0-3][0-7]{2}))/y

function escapeAt(text: string, at: number): [string, number] {
  coded.lastIndex = at
  const found = coded.exec(text)
  if (found !== null) {
    const [whole, short, long, hex, octal] = found
    const point =
      octal === undefined ? Number.parseInt(short ?? long ?? hex!, 16) : Number.parseInt(octal, 8)
    if (point <= 0x10ffff) return [String.fromCodePoint(point), whole.length]
  }
  const plain = simple[text[at + 1] ?? '']
  if (plain === undefined)
    throw new CompileFault(
      at,
      `Syntax error: token recognition error at: '${text.slice(at, at + 2)}'`,
    )
  return [plain, 2]
}
