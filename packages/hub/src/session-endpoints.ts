import { toTimestamp } from '@skerry/base/clock'
import type { Clock } from '@skerry/base/clock'
import { ApiError, badRequest } from '@skerry/api/status'
import { type HttpRequest, type HttpResponse, readBody, sendHttpAnswer } from './http-message.ts'
import { mastersGroup } from '@skerry/api/api-token'
import type { User } from './api-server/authorization.ts'
import type { AuthenticRequest, Authenticator } from './trust/authenticate.ts'
import { oneTimeCodeLifeMs } from './trust/limits.ts'
import type { OneTimeCodes } from './trust/one-time-codes.ts'
import type { Sessions } from './trust/sessions.ts'

export type SessionOptions = {
  readonly authenticate: Authenticator
  readonly codes: OneTimeCodes
  readonly sessions: Sessions
  readonly clock: Pick<Clock, 'now'>
}

const bodyBytesMax = 4096

type SessionRequest = HttpRequest & AuthenticRequest

type SessionAnswer = { readonly code: number; readonly body: object; readonly cookie?: string }

/**
 * How a person gets into the console: an administrator asks for a code (`POST /auth/one-time-codes`),
 * the browser that opens the link trades it for a cookie (`POST /auth/session`). Returns false for
 * other paths.
 */
export function createSessionEndpoints(options: SessionOptions) {
  return async (request: SessionRequest, response: HttpResponse): Promise<boolean> => {
    const path = (request.url ?? '').split('?')[0]!
    if (!path.startsWith('/auth/')) return false
    const { code, body, cookie } = await answer(options, request, path).catch(failureOf)
    sendHttpAnswer(response, {
      code,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
      },
      body: JSON.stringify(body),
    })
    return true
  }
}

async function answer(
  options: SessionOptions,
  request: SessionRequest,
  path: string,
): Promise<SessionAnswer> {
  switch (`${request.method} ${path}`) {
    case 'POST /auth/one-time-codes':
      return mintCode(options, await requireUser(options, request))
    case 'POST /auth/session':
      return openSession(options, await readCode(request))
    case 'GET /auth/session':
      return { code: 200, body: { user: await requireUser(options, request) } }
    case 'DELETE /auth/session':
      return { code: 200, body: {}, cookie: options.sessions.clearedCookie }
    default:
      throw new ApiError('NotFound', `${request.method} ${path} does not exist`)
  }
}

function mintCode({ codes, clock }: SessionOptions, user: User): SessionAnswer {
  if (!user.groups.includes(mastersGroup))
    throw new ApiError('Forbidden', `Only members of ${mastersGroup} make links: ask one of them.`)
  return {
    code: 201,
    body: { code: codes.mint(user), expires: toTimestamp(clock.now() + oneTimeCodeLifeMs) },
  }
}

function openSession({ codes, sessions }: SessionOptions, body: { code?: unknown }): SessionAnswer {
  const user = typeof body.code === 'string' ? codes.redeem(body.code) : undefined
  if (user === undefined)
    throw new ApiError(
      'Unauthorized',
      'The link was used already or has expired: make another with "npx skerry console".',
    )
  return { code: 200, body: { user }, cookie: sessions.cookieFor(user) }
}

async function requireUser(options: SessionOptions, request: SessionRequest): Promise<User> {
  const user = await options.authenticate(request)
  if (user === undefined) throw new ApiError('Unauthorized', 'Sign in first.')
  return user
}

async function readCode(request: SessionRequest): Promise<{ code?: unknown }> {
  const read = await readBody(request, bodyBytesMax)
  if (!read.ok) throw new ApiError('RequestEntityTooLarge', read.message)
  try {
    const body = JSON.parse(read.bytes.toString()) as unknown
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    throw badRequest('the body must be JSON: {"code": "..."}')
  }
}

function failureOf(error: unknown): SessionAnswer {
  if (error instanceof ApiError) return { code: error.code, body: error.status }
  throw error
}
