import { equalJson, isPlainObject } from '@skerry/base/json'
import type { Answer, Difference, Row } from './row.ts'

/** One place where two answers differ. */
export type Found = { readonly at: string; readonly theirs: unknown; readonly ours: unknown }

/** What is wrong with a row: a difference nobody wrote down, or one written down that is no more. */
export type Verdict = {
  readonly undocumented: readonly Found[]
  readonly vanished: readonly Difference[]
  readonly documented: readonly Found[]
}

/** Judges the hub's answers to a row by those of Kubernetes. */
export function judge(row: Row, theirs: readonly Answer[], ours: readonly Answer[]): Verdict {
  const found = row.steps.flatMap((_, step) =>
    differencesOfAnswers(theirs[step], ours[step], String(step)),
  )
  const known = row.differs ?? []
  const covers = (difference: Difference, { at, ours: said }: Found): boolean =>
    isAt(difference.at, at) && (difference.ours === undefined || equalJson(difference.ours, said))
  return {
    undocumented: found.filter((one) => !known.some((difference) => covers(difference, one))),
    vanished: known.filter((difference) => !found.some((one) => covers(difference, one))),
    documented: found.filter((one) => known.some((difference) => covers(difference, one))),
  }
}

function isAt(documented: string, found: string): boolean {
  return (
    found === documented || found.startsWith(`${documented}.`) || found.startsWith(`${documented}[`)
  )
}

/** Where the codes differ the bodies are of different sorts, and each is shown whole. */
function differencesOfAnswers(
  theirs: Answer | undefined,
  ours: Answer | undefined,
  at: string,
): Found[] {
  if (theirs === undefined || ours === undefined || theirs.code === ours.code)
    return differencesOf(theirs, ours, at)
  return [
    { at: `${at}.code`, theirs: theirs.code, ours: ours.code },
    { at: `${at}.body`, theirs: theirs.body, ours: ours.body },
  ]
}

/** Every place where two values differ; a member that one of them lacks is undefined there. */
export function differencesOf(theirs: unknown, ours: unknown, at: string): Found[] {
  if (equalJson(theirs, ours)) return []
  if (isPlainObject(theirs) && isPlainObject(ours))
    return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].flatMap((key) =>
      differencesOf(own(theirs, key), own(ours, key), `${at}.${key}`),
    )
  if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length)
    return theirs.flatMap((item, index) => differencesOf(item, ours[index], `${at}[${index}]`))
  return [{ at, theirs, ours }]
}

function own(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined
}
