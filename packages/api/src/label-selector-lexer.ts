/** What a label selector is made of, as Kubernetes takes it apart. */
export type SelectorToken = {
  readonly type:
    | 'identifier'
    | 'in'
    | 'notin'
    | '('
    | ')'
    | ','
    | '!'
    | '='
    | '=='
    | '!='
    | '>'
    | '<'
    | 'end'
  /** The text itself, for messages. */
  readonly text: string
}

const space = /[ \t\r\n\0]/
const special = /[=!(),><]/
const symbols = ['(', ')', ',', '!=', '!', '==', '=', '>', '<'] as const

/** The tokens of a selector, the last of which is its end. Takes time linear in the text. */
export function selectorTokens(text: string): SelectorToken[] {
  const tokens: SelectorToken[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (space.test(char)) at += 1
    else if (special.test(char)) {
      const symbol = symbols.find((candidate) => text.startsWith(candidate, at))!
      tokens.push({ type: symbol, text: symbol })
      at += symbol.length
    } else {
      const start = at
      while (at < text.length && !space.test(text[at]!) && !special.test(text[at]!)) at += 1
      const word = text.slice(start, at)
      tokens.push({ type: word === 'in' || word === 'notin' ? word : 'identifier', text: word })
    }
  }
  tokens.push({ type: 'end', text: '' })
  return tokens
}
