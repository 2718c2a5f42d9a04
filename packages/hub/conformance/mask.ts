import { isPlainObject, isRawNumber, setKey } from '@skerry/base/json'
import { digestText } from './digest-text.ts'
import { isNotAmbient } from './ambient.ts'
import type { Answer } from './row.ts'

/** Longer texts are kept as their beginning and their digest. */
const textCharactersMax = 4000

/** What stands for `{id}` and its kin in one run. */
export type Names = Readonly<Record<string, string>>

/** Keys whose values each server chooses for itself: that they are there is compared, not what they are. */
const chosen: Readonly<Record<string, string>> = {
  uid: '<uid>',
  resourceVersion: '<version>',
  creationTimestamp: '<time>',
  deletionTimestamp: '<time>',
  lastTransitionTime: '<time>',
  continue: '<continue>',
  time: '<time>',
  renewTime: '<time>',
}

/** A cell that holds how old something is. */
const age = /^(?:\d+[smhdy]){1,2}$/

const patterns: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  // Versions and moments in messages.
  [/(?<=current: |ResourceVersion in record \(|too old resource version: 1 \()\d+/g, '<version>'],
  // What a server adds to a generateName.
  [/(?<=\{id\}-|a{58,})[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])/g, '<suffix>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
]

/** An answer without what differs from one run to the next. */
export function maskAnswer(answer: Answer, names: Names): Answer {
  const text = textMask(names)
  const { 'audit-id': auditId, ...headers } = answer.headers
  return {
    code: answer.code,
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, text(value)])),
      ...(auditId === undefined ? {} : { 'audit-id': '<uid>' }),
    },
    ...(answer.body === undefined ? {} : { body: maskValue(answer.body, text) }),
    ...(answer.events === undefined
      ? {}
      : { events: answer.events.filter(isNotAmbient).map((event) => maskValue(event, text)) }),
  }
}

function textMask(names: Names): (text: string) => string {
  // The longest first, since one name may begin with another.
  const known = Object.entries(names)
    .filter(([, value]) => value.length >= 4)
    .toSorted(([, left], [, right]) => right.length - left.length)
  return (text) => {
    if (age.test(text)) return '<age>'
    let masked = text
    for (const [name, value] of known)
      masked = masked.replaceAll(value, name.startsWith('$') ? `<${name.slice(1)}>` : `{${name}}`)
    for (const [pattern, label] of patterns) masked = masked.replaceAll(pattern, label)
    return masked.length <= textCharactersMax
      ? masked
      : `${masked.slice(0, 100)}<${masked.length} characters, ${digestText(masked)}>`
  }
}

function maskValue(value: unknown, text: (text: string) => string): unknown {
  if (typeof value === 'string') return text(value)
  if (isRawNumber(value)) return `<number ${value.rawJSON}>`
  if (Array.isArray(value)) return value.filter(isNotAmbient).map((item) => maskValue(item, text))
  if (!isPlainObject(value)) return value
  const masked: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const label = Object.hasOwn(chosen, key) ? chosen[key] : undefined
    const isChosen = label !== undefined && typeof member === 'string' && member !== ''
    if (key === 'columnDefinitions' && Array.isArray(member)) {
      masked[key] = member.map(withoutDescription)
      continue
    }
    setKey(masked, text(key), isChosen ? label : maskValue(member, text))
  }
  return masked
}

/** What a column is about is said by each server in its own words. */
function withoutDescription(column: unknown): unknown {
  return isPlainObject(column) ? { ...column, description: '<description>' } : column
}
