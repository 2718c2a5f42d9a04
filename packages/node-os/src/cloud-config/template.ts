import { templateCharactersMax } from './limits.ts'

/** What templates can name: `.MachineID`, `.UUID`, `.Random` and `.Values.node.hostname` and so on. */
export type TemplateValues = { readonly [name: string]: string | number | TemplateValues }

export type Rendered =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly expression: string }

/**
 * Kairos' templates as far as first nodes use them: values and a few functions, in pipes. An expression that
 * is not known leaves all of the text as it is, as Kairos does when a template fails.
 */
export function renderTemplate(text: string, values: TemplateValues): Rendered {
  let unknown: string | undefined
  const rendered = text.replace(/\{\{-?([\s\S]*?)-?\}\}/g, (whole, inner: string) => {
    const value = evaluate(inner.trim(), values)
    if (value === undefined) unknown ??= whole.slice(0, templateCharactersMax)
    return value ?? whole
  })
  return unknown === undefined ? { ok: true, text: rendered } : { ok: false, expression: unknown }
}

type Value = string | number
type Call = (words: readonly Value[]) => string | undefined

const functions: Readonly<Record<string, { readonly arguments: number; readonly call: Call }>> = {
  trunc: {
    arguments: 2,
    call: ([count, text]) => {
      const length = Number(count)
      if (!Number.isInteger(length)) return undefined
      return length < 0 ? String(text).slice(length) : String(text).slice(0, length)
    },
  },
  lower: { arguments: 1, call: ([text]) => String(text).toLowerCase() },
  upper: { arguments: 1, call: ([text]) => String(text).toUpperCase() },
  trim: { arguments: 1, call: ([text]) => String(text).trim() },
  quote: { arguments: 1, call: ([text]) => JSON.stringify(String(text)) },
  replace: {
    arguments: 3,
    call: ([from, to, text]) => String(text).replaceAll(String(from), String(to)),
  },
  trimPrefix: {
    arguments: 2,
    call: ([prefix, text]) =>
      String(text).startsWith(String(prefix))
        ? String(text).slice(String(prefix).length)
        : String(text),
  },
  trimSuffix: {
    arguments: 2,
    call: ([suffix, text]) =>
      String(text).endsWith(String(suffix))
        ? String(text).slice(0, String(text).length - String(suffix).length)
        : String(text),
  },
  default: { arguments: 2, call: ([other, text]) => String(text === '' ? other : text) },
}

export const templateFunctions = Object.keys(functions)

function evaluate(expression: string, values: TemplateValues): string | undefined {
  if (expression.length > templateCharactersMax) return undefined
  let piped: Value | undefined
  for (const part of splitPipes(expression)) {
    const value = evaluateCommand(part, values, piped)
    if (value === undefined) return undefined
    piped = value
  }
  return piped === undefined ? undefined : String(piped)
}

const wordPattern = /"(?:[^"\\]|\\.)*"|`[^`]*`|[^\s|"`]+|\|/g

function splitPipes(expression: string): string[][] {
  const parts: string[][] = [[]]
  for (const [word] of expression.matchAll(wordPattern))
    if (word === '|') parts.push([])
    else parts.at(-1)!.push(word)
  return parts
}

function evaluateCommand(
  words: readonly string[],
  values: TemplateValues,
  piped: Value | undefined,
): Value | undefined {
  const [first, ...rest] = words
  if (first === undefined) return undefined
  const called = Object.hasOwn(functions, first) ? functions[first] : undefined
  if (called === undefined)
    return rest.length === 0 && piped === undefined ? valueOf(first, values) : undefined
  const given = rest.map((word) => valueOf(word, values))
  const all = piped === undefined ? given : [...given, piped]
  return all.length === called.arguments && all.every((value) => value !== undefined)
    ? called.call(all)
    : undefined
}

function valueOf(word: string, values: TemplateValues): Value | undefined {
  if (/^-?\d{1,9}$/.test(word)) return Number(word)
  if (word.startsWith('`')) return word.slice(1, -1)
  if (word.startsWith('"')) return unquoted(word)
  if (!/^(\.[A-Za-z_]\w*)+$/.test(word)) return undefined
  let found: Value | TemplateValues | undefined = values
  for (const name of word.slice(1).split('.'))
    found = typeof found === 'object' && Object.hasOwn(found, name) ? found[name] : undefined
  return typeof found === 'object' ? undefined : found
}

function unquoted(word: string): string | undefined {
  try {
    return String(JSON.parse(word))
  } catch {
    return undefined
  }
}
