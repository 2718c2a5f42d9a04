/** What a scan of JSON text finds: why it is none, in the words of Go's scanner, and which keys stand twice. */
export type JsonScan =
  | { readonly ok: true; readonly duplicates: readonly string[] }
  | { readonly ok: false; readonly problem: string }

/** How deep Go's scanner goes. */
const depthMax = 10_000

/** An object or a list that is not ended yet. */
type Level = {
  /** Of an object. */
  readonly keys: Set<string> | undefined
  /** Where this level is, `spec.items[2]`; empty for the whole. */
  readonly path: string
  /** Members before the one that is read, less one. */
  index: number
}

class JsonProblem extends Error {}

/**
 * Reads JSON text character by character. Slow beside `JSON.parse`: it is asked when that has refused the
 * text, for words that people search for, or when a key seems to stand twice.
 */
export function scanJson(text: string): JsonScan {
  const scanner = new Scanner(text)
  try {
    scanner.whole()
    return { ok: true, duplicates: scanner.duplicates }
  } catch (thrown) {
    if (thrown instanceof JsonProblem) return { ok: false, problem: thrown.message }
    throw thrown
  }
}

const spaces = /[ \t\r\n]*/y
/** Everything in a string up to its end, an escape or a character that may not stand there. */
const plainText = /(?:[^"\\\p{Cc}]|[\u007f-\u009f])*/uy
const numberText = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const scalars = ['true', 'false', 'null'] as const

class Scanner {
  readonly duplicates: string[] = []
  readonly #text: string
  readonly #levels: Level[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): void {
    this.#value('')
    while (this.#levels.length > 0) this.#member(this.#levels.at(-1)!)
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#wrong('after top-level value')
  }

  /** One step inside the innermost object or list: its next member, or its end. */
  #member(level: Level): void {
    const isObject = level.keys !== undefined
    const end = isObject ? '}' : ']'
    const char = this.#next()
    if (level.index < 0 && char === end) return this.#leave()
    if (level.index >= 0) {
      if (char === end) return this.#leave()
      if (char !== ',')
        throw this.#wrong(isObject ? 'after object key:value pair' : 'after array element')
      this.#at += 1
    }
    level.index += 1
    this.#value(isObject ? this.#keyOf(level) : `${level.path}[${level.index}]`)
  }

  #keyOf(level: Level): string {
    if (this.#next() !== '"') throw this.#wrong('looking for beginning of object key string')
    const key = this.#string()
    const path = level.path === '' ? key : `${level.path}.${key}`
    if (level.keys!.has(key)) this.duplicates.push(path)
    level.keys!.add(key)
    if (this.#next() !== ':') throw this.#wrong('after object key')
    this.#at += 1
    return path
  }

  #value(path: string): void {
    const char = this.#next()
    if (char === '{' || char === '[') {
      if (this.#levels.length >= depthMax) throw this.#wrong('exceeded max depth')
      this.#at += 1
      this.#levels.push({ keys: char === '{' ? new Set() : undefined, path, index: -1 })
    } else if (char === '"') this.#string()
    else if (char === '-' || (char >= '0' && char <= '9')) this.#number()
    else this.#literal()
  }

  #leave(): void {
    this.#at += 1
    this.#levels.pop()
  }

  #literal(): void {
    const word = scalars.find((scalar) => scalar[0] === this.#text[this.#at])
    if (word === undefined) throw this.#wrong('looking for beginning of value')
    for (const expected of word) {
      if (this.#text[this.#at] !== expected)
        throw this.#wrong(`in literal ${word} (expecting ${quoted(expected)})`)
      this.#at += 1
    }
  }

  #number(): void {
    this.#match(numberText)
    const before = this.#text[this.#at - 1]
    const char = this.#text[this.#at]
    if (this.#text.startsWith('-', this.#at)) {
      this.#at += 1
      throw this.#wrong('in numeric literal')
    }
    if (before === undefined || char === undefined || !/[.eE]/.test(char)) return
    this.#at += /[+-]/.test(this.#text[this.#at + 1] ?? '') && char !== '.' ? 2 : 1
    throw this.#wrong(
      char === '.' ? 'after decimal point in numeric literal' : 'in exponent of numeric literal',
    )
  }

  /** A string, whose first quote is the next character, without its escapes. */
  #string(): string {
    const start = this.#at
    this.#at += 1
    for (;;) {
      this.#match(plainText)
      const char = this.#text[this.#at]
      if (char === '"') break
      if (char !== '\\') throw this.#wrong('in string literal')
      this.#escape()
    }
    this.#at += 1
    return JSON.parse(this.#text.slice(start, this.#at)) as string
  }

  #escape(): void {
    this.#at += 1
    const char = this.#text[this.#at]
    if (char === undefined || !/["\\/bfnrtu]/.test(char)) throw this.#wrong('in string escape code')
    this.#at += 1
    if (char !== 'u') return
    for (let digit = 0; digit < 4; digit += 1) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? ''))
        throw this.#wrong('in \\u hexadecimal character escape')
      this.#at += 1
    }
  }

  /** The next character that is no space; empty at the end. */
  #next(): string {
    this.#skipSpace()
    return this.#text[this.#at] ?? ''
  }

  #skipSpace(): void {
    this.#match(spaces)
  }

  #match(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex
  }

  #wrong(where: string): JsonProblem {
    const char = this.#text[this.#at]
    if (char === undefined) return new JsonProblem('unexpected end of JSON input')
    return new JsonProblem(`invalid character ${quoted(char)} ${where}`)
  }
}

/** A character as Go quotes it; of one that takes several bytes only the first. */
function quoted(char: string): string {
  if (char === "'") return String.raw`'\''`
  const [byte = 0] = new TextEncoder().encode(char)
  if (byte >= 0x80) return `'${String.fromCharCode(byte)}'`
  if (byte >= 0x20 && byte < 0x7f) return `'${char === '\\' ? '\\\\' : char}'`
  const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
  return `'${named[char] ?? `\\x${byte.toString(16).padStart(2, '0')}`}'`
}
