import type { Problem } from '@skerry/api/problem'
import { ApiError, badRequest } from '@skerry/api/status'
import { invalidOptions, isTrue } from './request-options.ts'

/** What a list or a watch asks for beside its selectors, as a kube-apiserver reads it. */
export type ReadOptions = {
  /** '' when it is not there. */
  readonly resourceVersion: string
  readonly match: '' | 'Exact' | 'NotOlderThan'
  readonly limit: number
  readonly continueToken: string
  readonly sendInitialEvents: boolean | undefined
  readonly allowWatchBookmarks: boolean
  readonly timeoutSeconds: number
}

/** Throws BadRequest or Invalid, in Kubernetes' words. */
export function readOptionsOf(query: URLSearchParams, verb: 'list' | 'watch'): ReadOptions {
  const given = {
    resourceVersion: query.get('resourceVersion') ?? '',
    match: query.get('resourceVersionMatch') ?? '',
    continueToken: query.get('continue') ?? '',
    limit: integerOf(query, 'limit'),
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
    allowWatchBookmarks: isTrue(query, 'allowWatchBookmarks'),
    sendInitialEvents: query.has('sendInitialEvents')
      ? isTrue(query, 'sendInitialEvents')
      : undefined,
  }
  const problems = verb === 'list' ? listProblems(given) : watchProblems(given)
  if (problems.length > 0) throw invalidOptions('ListOptions', problems)
  return { ...given, match: given.match as ReadOptions['match'] }
}

type Given = Omit<ReadOptions, 'match'> & { readonly match: string }

const forbidden = (path: string, message: string): Problem => ({ path, type: 'Forbidden', message })
const matchForbidden = (message: string) => forbidden('resourceVersionMatch', message)

function listProblems(given: Given): Problem[] {
  const { match, resourceVersion, continueToken, sendInitialEvents } = given
  const problems: Problem[] = []
  if (match !== '') {
    if (resourceVersion === '')
      problems.push(
        matchForbidden('resourceVersionMatch is forbidden unless resourceVersion is provided'),
      )
    if (continueToken !== '') problems.push(withContinue)
    if (match !== 'Exact' && match !== 'NotOlderThan')
      problems.push(unsupported(match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && resourceVersion === '0')
      problems.push(
        matchForbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
      )
  }
  if (sendInitialEvents !== undefined)
    problems.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return problems
}

function watchProblems({ match, continueToken, sendInitialEvents }: Given): Problem[] {
  const problems: Problem[] = []
  if (sendInitialEvents === undefined && match !== '')
    problems.push(
      matchForbidden(
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    )
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan')
    problems.push(
      matchForbidden('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    )
  if (match !== '' && match !== 'NotOlderThan') problems.push(unsupported(match, ['NotOlderThan']))
  if (continueToken !== '') problems.push(withContinue)
  return problems
}

const withContinue = matchForbidden('resourceVersionMatch is forbidden when continue is provided')

function unsupported(value: string, supported: readonly string[]): Problem {
  return {
    path: 'resourceVersionMatch',
    type: 'NotSupported',
    value,
    message: `supported values: ${supported.map((each) => JSON.stringify(each)).join(', ')}`,
  }
}

/** A number as Go reads it; 0 when it is not there. */
function integerOf(query: URLSearchParams, name: string): number {
  const value = query.get(name) ?? ''
  if (value === '') return 0
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(parseFailure('ParseInt', value, 'invalid syntax'))
  const number = Number(value)
  if (!Number.isSafeInteger(number))
    throw badRequest(parseFailure('ParseInt', value, 'value out of range'))
  return number
}

/** A version as a number; 0 when it is not there. `wrap` says how what is none is answered. */
export function versionNumber(text: string, wrap: (message: string) => ApiError): number {
  if (text === '') return 0
  const isDigits = /^\d+$/.test(text)
  if (isDigits && BigInt(text) < 2n ** 64n) return Number(text)
  const why = parseFailure('ParseUint', text, isDigits ? 'value out of range' : 'invalid syntax')
  throw wrap(`resourceVersion: Invalid value: ${JSON.stringify(text.slice(0, 100))}: ${why}`)
}

/** What is wrong with the version of a get or a watch: Kubernetes has no reason for it, and says 500. */
export const unreadableVersion = (message: string) => new ApiError('Unknown', message)

function parseFailure(parser: string, value: string, why: string): string {
  return `strconv.${parser}: parsing ${JSON.stringify(value.slice(0, 100))}: ${why}`
}

/** Nobody has been given that version yet: come back in a second. */
export function tooLargeVersion(asked: number, current: string): ApiError {
  return new ApiError(
    'Timeout',
    `Timeout: Too large resource version: ${asked}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  )
}
