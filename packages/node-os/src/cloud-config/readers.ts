import type { Finding, Position } from './finding.ts'
import { type Located, kindText } from './located.ts'
import { ignoredKeysMax } from './limits.ts'
import { nearestName } from '@skerry/base/nearest-name'

/** Reads a value of one form. What is wrong is said, and undefined means that there is nothing to use. */
export type Reader<T> = {
  /** The form, for documentation. */
  readonly form: string
  read(node: Located, context: ReadContext): T | undefined
}

export type ReadContext = {
  readonly path: string
  readonly say: (finding: Finding) => void
}

export type Infer<R> = R extends Reader<infer T> ? T : never

/** What becomes of a key: carried out, or known and said. */
export type KeyRule<T = unknown> =
  | { readonly status: 'Supported'; readonly reader: Reader<T>; readonly note: string }
  | { readonly status: 'NotBuilt'; readonly advice: string }

export const supported = <T>(reader: Reader<T>, note = ''): Supported<T> => ({
  status: 'Supported',
  reader,
  note,
})
export const notBuilt = (advice: string) => ({ status: 'NotBuilt', advice }) as const

type Supported<T> = {
  readonly status: 'Supported'
  readonly reader: Reader<T>
  readonly note: string
}

export type Keys = Readonly<Record<string, KeyRule>>
type Fields<K extends Keys> = {
  readonly [N in keyof K as K[N] extends Supported<unknown> ? N : never]?: K[N] extends Supported<
    infer T
  >
    ? T
    : never
}

export function wrong(
  node: Located,
  context: ReadContext,
  rule: string,
  isSecret = false,
): undefined {
  const shown =
    isSecret || node.kind !== 'scalar' || node.value === null
      ? kindText(node)
      : `${kindText(node)}, ${JSON.stringify(node.source.slice(0, 60))}`
  context.say({
    severity: 'error',
    code: 'WrongValue',
    at: node.at,
    path: context.path,
    message: `must be ${rule}, and is ${shown}`,
    advice: 'this value is left out',
  })
  return undefined
}

type TextOptions = {
  /** What it must be like, and in words. */
  readonly pattern?: RegExp
  readonly rule?: string
  /** Never printed. */
  readonly isSecret?: boolean
  /** A number or a boolean counts as the text that it is written as. */
  readonly takesScalars?: boolean
}

export function text(options: TextOptions = {}): Reader<string> {
  const rule = options.rule ?? 'text'
  return {
    form: rule,
    read: (node, context) => {
      if (node.kind !== 'scalar' || node.value === null)
        return wrong(node, context, rule, options.isSecret)
      if (typeof node.value !== 'string' && options.takesScalars !== true)
        return wrong(node, context, `${rule} (put it in quotes)`, options.isSecret)
      const value = typeof node.value === 'string' ? node.value : node.source
      if (options.pattern !== undefined && !options.pattern.test(value))
        return wrong(node, context, rule, options.isSecret)
      return value
    },
  }
}

/** Text, a number or a boolean, as it is written. */
export const scalarText = (rule = 'text', isSecret = false): Reader<string> =>
  text({ rule, takesScalars: true, isSecret })

const yes = /^(true|yes|on|y)$/i
const no = /^(false|no|off|n)$/i

/** Also as YAML 1.1 writes it, which Kairos' parser takes. */
export const flag: Reader<boolean> = {
  form: 'true or false',
  read: (node, context) => {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
    if (node.kind === 'scalar' && node.isPlain && yes.test(node.source)) return true
    if (node.kind === 'scalar' && node.isPlain && no.test(node.source)) return false
    return wrong(node, context, 'true or false')
  },
}

export function wholeNumber(min: number, max: number): Reader<number> {
  const rule = `a whole number from ${min} to ${max}`
  return {
    form: rule,
    read: (node, context) => {
      const value =
        node.kind === 'scalar' && /^\d{1,15}$/.test(node.source) ? Number(node.source) : -1
      return value >= min && value <= max ? value : wrong(node, context, rule)
    },
  }
}

/** Rights as octal digits. `644` is decimal in YAML, and nobody ever means that. */
export const permissions: Reader<number> = {
  form: 'octal digits such as 0644',
  read: (node, context) => {
    if (node.kind !== 'scalar' || !/^(0o?)?[0-7]{3,4}$/.test(node.source))
      return wrong(node, context, 'octal digits such as 0644')
    if (node.isPlain && !node.source.startsWith('0'))
      context.say({
        severity: 'warning',
        code: 'Suspicious',
        at: node.at,
        path: context.path,
        message: `${node.source} is read as octal here, and Kairos reads it as decimal`,
        advice: `write 0${node.source}`,
      })
    return Number.parseInt(node.source.replace('o', ''), 8)
  },
}

export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return {
    form: `list of ${item.form}`,
    read: (node, context) => {
      if (node.kind !== 'list') return wrong(node, context, 'a list')
      return node.items.flatMap((each, index) => {
        const value = item.read(each, { ...context, path: `${context.path}[${index}]` })
        return value === undefined ? [] : [value]
      })
    },
  }
}

/** A list, or one value that stands for a list of one. */
export function listOrOne<T>(item: Reader<T>): Reader<readonly T[]> {
  const many = list(item)
  return {
    form: many.form,
    read: (node, context) => {
      if (node.kind === 'list') return many.read(node, context)
      const value = item.read(node, context)
      return value === undefined ? undefined : [value]
    },
  }
}

export function mapOf<T>(value: Reader<T>): Reader<ReadonlyMap<string, T>> {
  return {
    form: `map of name to ${value.form}`,
    read: (node, context) => {
      if (node.kind !== 'map') return wrong(node, context, 'a map')
      const found = new Map<string, T>()
      for (const [name, entry] of node.entries) {
        const read = value.read(entry.value, { ...context, path: `${context.path}.${name}` })
        if (read !== undefined) found.set(name, read)
      }
      return found
    },
  }
}

export type Placed<T> = { readonly at: Position; readonly value: T }

/** A value with its place, for what may go wrong later. */
export function placed<T>(reader: Reader<T>): Reader<Placed<T>> {
  return {
    form: reader.form,
    read: (node, context) => {
      const value = reader.read(node, context)
      return value === undefined ? undefined : { at: node.at, value }
    },
  }
}

type RecordOptions<R> = {
  readonly required?: readonly R[]
  /** Without them the entry would do something else: if one of them is wrong, nothing of it is used. */
  readonly essential?: readonly string[]
  /** Another way to write a key. */
  readonly aliases?: Readonly<Record<string, string>>
  readonly form?: string
}

/** A map with known keys. One wrong key never takes the others with it, except a required one. */
export function record<const K extends Keys, R extends keyof Fields<K> & string = never>(
  keys: K,
  options: RecordOptions<R> = {},
): Reader<Fields<K> & { readonly [N in R]-?: NonNullable<Fields<K>[N]> }> {
  return {
    form: options.form ?? 'map',
    read: (node, context) => {
      if (node.kind !== 'map') return wrong(node, context, 'a map')
      const found: Record<string, unknown> = {}
      let ignored = 0
      for (const [written, entry] of node.entries) {
        const name = options.aliases?.[written] ?? written
        const path = context.path === '' ? name : `${context.path}.${name}`
        const rule = Object.hasOwn(keys, name) ? keys[name] : undefined
        if (rule?.status !== 'Supported') {
          ignored += 1
          if (ignored <= ignoredKeysMax)
            context.say(ignoredKey(written, { ...context, path }, entry.keyAt, { rule, keys }))
          continue
        }
        // A key without a value is one that was emptied, as Kairos takes it.
        if (entry.value.kind === 'scalar' && entry.value.value === null) continue
        const value = rule.reader.read(entry.value, { ...context, path })
        if (value !== undefined) found[name] = value
        else if (options.essential?.includes(name) === true) {
          context.say(leftOut(name, entry.keyAt, context))
          return undefined
        }
      }
      for (const name of options.required ?? [])
        if (!Object.hasOwn(found, name)) {
          context.say(missingKey(name, node, context))
          return undefined
        }
      return found as Fields<K> & { readonly [N in R]-?: NonNullable<Fields<K>[N]> }
    },
  }
}

function leftOut(name: string, at: Position, context: ReadContext): Finding {
  return {
    severity: 'error',
    code: 'WrongValue',
    at,
    path: context.path,
    message: `is left out as a whole, because its ${name} cannot be used`,
    advice: `mend ${name}`,
  }
}

/** All of a value, or nothing of it. */
export function whole<T>(reader: Reader<T>): Reader<T> {
  return {
    form: reader.form,
    read: (node, context) => {
      let isWhole = true
      const value = reader.read(node, {
        ...context,
        say: (finding) => {
          isWhole &&= finding.severity !== 'error'
          context.say(finding)
        },
      })
      return isWhole ? value : undefined
    },
  }
}

function missingKey(name: string, node: Located, context: ReadContext): Finding {
  return {
    severity: 'error',
    code: 'WrongValue',
    at: node.at,
    path: context.path,
    message: `needs ${name}`,
    advice: 'this entry is left out',
  }
}

export function ignoredKey(
  written: string,
  context: ReadContext,
  at: Position,
  { rule, keys }: { readonly rule: KeyRule | undefined; readonly keys: Keys },
): Finding {
  const common = { severity: 'warning', at, path: context.path } as const
  if (rule?.status === 'NotBuilt')
    return {
      ...common,
      code: 'NotBuilt',
      message: `${written} is known and not built yet: it is not carried out`,
      advice: rule.advice,
    }
  const nearest = nearestName(written, Object.keys(keys))
  return {
    ...common,
    code: 'UnknownKey',
    message: `${JSON.stringify(written.slice(0, 60))} is not a key that can stand here: it is not used`,
    advice:
      nearest === undefined
        ? 'remove it, or see docs/cloud-config.md for what there is'
        : `did you mean ${nearest}?`,
  }
}
