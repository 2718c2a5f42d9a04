import { type AnyKind, resourceName } from './kind.ts'
import { type Problem, causeReasons, describeProblem, formatProblem } from './problem.ts'

/** Kubernetes' `meta/v1.Status`, the answer of every request that failed. */
export type Status = {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: Record<string, never>
  readonly status: 'Failure' | 'Success'
  readonly message: string
  /** Absent: Kubernetes has no word for it. */
  readonly reason?: StatusReason
  readonly code: number
  readonly details?: {
    readonly name?: string
    readonly group?: string
    readonly kind?: string
    readonly causes?: readonly { reason: string; message: string; field?: string }[]
    readonly retryAfterSeconds?: number
  }
}

const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  Unknown: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const

export type StatusReason = keyof typeof codes

/** An answer other than success. What the caller can do about it is its `reason`. */
export class ApiError extends Error {
  readonly status: Status

  constructor(reason: StatusReason, message: string, details?: Status['details']) {
    super(message)
    this.name = 'ApiError'
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === 'Unknown' ? {} : { reason }),
      code: codes[reason],
      ...(details === undefined ? {} : { details }),
    }
  }

  get reason(): StatusReason {
    return this.status.reason ?? 'Unknown'
  }

  get code(): number {
    return this.status.code
  }
}

/** Whether something thrown is an answer with this reason. */
export function isApiError(thrown: unknown, ...reasons: StatusReason[]): thrown is ApiError {
  return thrown instanceof ApiError && (reasons.length === 0 || reasons.includes(thrown.reason))
}

/** The error behind a Status that came over the wire. */
export function errorOfStatus(status: Partial<Status>, httpCode: number): ApiError {
  const reason =
    status.reason !== undefined && Object.hasOwn(codes, status.reason)
      ? status.reason
      : reasonOfCode(httpCode)
  return new ApiError(reason, status.message ?? `The hub answered ${httpCode}.`, status.details)
}

function reasonOfCode(httpCode: number): StatusReason {
  const found = Object.entries(codes).find(([, code]) => code === httpCode)
  return (found?.[0] as StatusReason | undefined) ?? 'InternalError'
}

type Named = Pick<AnyKind, 'group' | 'plural' | 'kind'>

/** What an answer is about; nothing is said of what is empty. */
export const namedDetails = (kind: Pick<AnyKind, 'group' | 'plural'>, name: string) => ({
  ...(name === '' ? {} : { name }),
  ...(kind.group === '' ? {} : { group: kind.group }),
  kind: kind.plural,
})

export const notFound = (kind: Named, name: string) =>
  new ApiError('NotFound', `${resourceName(kind)} "${name}" not found`, namedDetails(kind, name))

/** `isEnding`: what is there is being deleted, and will be gone. */
export const alreadyExists = (kind: Named, name: string, isEnding = false) =>
  new ApiError(
    'AlreadyExists',
    `${isEnding ? 'object is being deleted: ' : ''}${resourceName(kind)} "${name}" already exists`,
    namedDetails(kind, name),
  )

/** The object changed since it was read. `why` says what did not match. */
export const conflict = (kind: Named, name: string, why: string) =>
  new ApiError(
    'Conflict',
    `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`,
    namedDetails(kind, name),
  )

/** What optimistic concurrency says, in Kubernetes' words. */
export const modifiedMessage =
  'the object has been modified; please apply your changes to the latest version and try again'

export const badRequest = (message: string) => new ApiError('BadRequest', message)

/** The version asked for is older than what is kept: list again. */
export const gone = (message: string) => new ApiError('Expired', message)

export const unavailable = (message: string, retryAfterSeconds = 1) =>
  new ApiError('ServiceUnavailable', message, { retryAfterSeconds })

/** A path that leads nowhere, in the words of a generic server. */
export const noSuchPath = () =>
  new ApiError('NotFound', 'the server could not find the requested resource', {})

/** A path that is there, but not for this method. */
export const methodNotAllowed = () =>
  new ApiError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  )

/** Every problem of an object as one 422. */
export function invalid(kind: Named, name: string, problems: readonly Problem[]): ApiError {
  const told = [...new Set(problems.map(formatProblem))]
  const summary = told.length === 1 ? told[0]! : `[${told.join(', ')}]`
  return new ApiError(
    'Invalid',
    `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`} "${name}" is invalid: ${summary}`,
    {
      ...namedDetails({ ...kind, plural: kind.kind }, name),
      causes: problems.map((problem) => ({
        reason: causeReasons[problem.type],
        message: describeProblem(problem),
        field: problem.path,
      })),
    },
  )
}
