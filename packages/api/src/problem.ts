/**
 * What is wrong with an object: where, which rule, and what to do, in the words of Kubernetes'
 * `field.Error` so that `kubectl` shows it as users know it.
 */
export type Problem = {
  /** `spec.waves[0].count` */
  readonly path: string
  readonly type: ProblemType
  /** The offending value, where there is one. */
  readonly value?: unknown
  /** The rule and what to do, without the path. Empty where the heading says it all. */
  readonly message: string
}

export type ProblemType =
  | 'Required'
  | 'Invalid'
  | 'TypeInvalid'
  | 'NotSupported'
  | 'Duplicate'
  | 'Forbidden'
  | 'TooLong'
  | 'TooMany'
  | 'Unknown'

const headings: Record<ProblemType, string> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  TypeInvalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Duplicate: 'Duplicate value',
  Forbidden: 'Forbidden',
  TooLong: 'Too long',
  TooMany: 'Too many',
  Unknown: 'Unknown field',
}

/** Kubernetes' `StatusCause.reason` for each type of problem. */
export const causeReasons: Record<ProblemType, string> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  TypeInvalid: 'FieldValueTypeInvalid',
  NotSupported: 'FieldValueNotSupported',
  Duplicate: 'FieldValueDuplicate',
  Forbidden: 'FieldValueForbidden',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  Unknown: 'FieldValueInvalid',
}

const shownValueCharactersMax = 4_000

/** `spec.count: Invalid value: -1: must be at least 1` */
export function formatProblem(problem: Problem): string {
  return `${problem.path}: ${describeProblem(problem)}`
}

/** The same without the path. */
export function describeProblem(problem: Problem): string {
  const heading = headings[problem.type]
  const told = problem.message === '' ? '' : `: ${problem.message}`
  if (problem.value === undefined) return `${heading}${told}`
  const shown = valueText(problem.value)
  const cut =
    shown.length > shownValueCharactersMax ? `${shown.slice(0, shownValueCharactersMax)}…` : shown
  return `${heading}: ${cut}${told}`
}

/** As Go writes values: JSON of an object escapes what could be markup. */
function valueText(value: unknown): string {
  const text = JSON.stringify(value)
  return typeof value === 'object' ? text.replaceAll(/[<>&]/g, escaped) : text
}

const escaped = (mark: string): string => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`
