import { managerBytesMax } from '@skerry/api/managed-fields/limits'
import { ApiError } from '@skerry/api/status'
import type { Call } from '../call.ts'

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

type Cause = { readonly reason: string; readonly message: string; readonly field: string }

/** Who writes, for `metadata.managedFields`: as they say, or as their program calls itself. */
export function fieldManagerOf(call: Pick<Call, 'request' | 'query'>, kind: OptionsKind): string {
  const given = call.query.get('fieldManager') ?? ''
  assertOptions(kind, managerCauses(given))
  return given === '' ? managerOfAgent(call.request.headers['user-agent'] ?? '') : given
}

/** What an apply says of itself; throws Invalid when it does not say who applies. */
export function applyOptionsOf({ query }: Pick<Call, 'query'>): {
  readonly manager: string
  readonly force: boolean
} {
  const manager = query.get('fieldManager') ?? ''
  const missing: Cause = {
    reason: 'FieldValueRequired',
    message: 'Required value: is required for apply patch',
    field: 'fieldManager',
  }
  assertOptions('PatchOptions', manager === '' ? [missing] : managerCauses(manager))
  return { manager, force: isForced(query) }
}

/** Only an apply may be forced. */
export function assertNotForced({ query }: Pick<Call, 'query'>): void {
  const forbidden: Cause = {
    reason: 'FieldValueForbidden',
    message: 'Forbidden: may not be specified for non-apply patch',
    field: 'force',
  }
  assertOptions('PatchOptions', query.has('force') ? [forbidden] : [])
}

/** As Go reads a flag in a URL: whatever does not say no says yes. */
function isForced(query: URLSearchParams): boolean {
  const value = query.get('force')
  return value !== null && !['0', 'false'].includes(value.toLowerCase())
}

function assertOptions(kind: OptionsKind, causes: readonly Cause[]): void {
  if (causes.length === 0) return
  const told = causes.map(({ field, message }) => `${field}: ${message}`)
  const summary = told.length === 1 ? told[0]! : `[${told.join(', ')}]`
  throw new ApiError('Invalid', `${kind}.meta.k8s.io "" is invalid: ${summary}`, {
    group: 'meta.k8s.io',
    kind,
    causes,
  })
}

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
const encoder = new TextEncoder()
const bytesOf = (text: string): number => encoder.encode(text).length

function managerCauses(manager: string): Cause[] {
  const field = 'fieldManager'
  const tooLong: Cause = {
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${managerBytesMax} bytes`,
    field,
  }
  const causes: Cause[] = bytesOf(manager) > managerBytesMax ? [tooLong] : []
  let position = 0
  for (const character of manager.slice(0, managerBytesMax)) {
    if (!printable.test(character))
      causes.push({
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${goQuoted(manager)}: invalid character ${codePoint(character)} (at position ${position})`,
        field,
      })
    position += bytesOf(character)
  }
  return causes
}

const hexOf = (character: string): string => character.codePointAt(0)!.toString(16)

const codePoint = (character: string): string =>
  `U+${hexOf(character).toUpperCase().padStart(4, '0')}`

const goEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** A text as Go quotes it. */
function goQuoted(text: string): string {
  const quoted = Array.from(text, (character) => {
    const escape = goEscapes[character]
    if (escape !== undefined) return escape
    if (printable.test(character)) return character
    const hex = hexOf(character)
    return hex.length <= 2 && character < '\u0080'
      ? `\\x${hex.padStart(2, '0')}`
      : hex.length <= 4
        ? `\\u${hex.padStart(4, '0')}`
        : `\\U${hex.padStart(8, '0')}`
  })
  return `"${quoted.join('')}"`
}

/** What stands before the first slash, without what cannot be printed, as long as a name may be. */
function managerOfAgent(agent: string): string {
  let manager = ''
  let bytes = 0
  for (const character of agent.split('/', 1)[0]!) {
    if (!printable.test(character)) continue
    bytes += bytesOf(character)
    if (bytes > managerBytesMax) break
    manager += character
  }
  return manager
}
