import { toError } from '@skerry/base/assert'
import type { Log } from '@skerry/base/log'
import { ApiError, badRequest } from '@skerry/api/status'
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpResponse,
  readBody,
  sendHttpAnswer,
} from '../http-message.ts'
import type { Enrolment } from './enrolment.ts'
import { enrollBodyBytesMax, pendingRetrySeconds } from './limits.ts'

const json = { 'content-type': 'application/json' }

/** Answers `POST /device/v1/enroll`, for which nobody needs a certificate. Never rejects. */
export function createEnrolmentHandler(
  enroll: Enrolment,
  log: Log,
): (request: HttpRequest, response: HttpResponse) => Promise<void> {
  return async (request, response) => {
    try {
      sendHttpAnswer(response, await answer(enroll, request))
    } catch (thrown) {
      if (response.destroyed) return
      if (!(thrown instanceof ApiError))
        log.error('An enrolment failed.', { error: toError(thrown).message })
      sendHttpAnswer(response, refusal(thrown))
    }
  }
}

async function answer(enroll: Enrolment, request: HttpRequest): Promise<HttpAnswer> {
  if (request.method !== 'POST')
    throw new ApiError('MethodNotAllowed', 'Send an enrolment request by POST.')
  const body = await readBody(request, enrollBodyBytesMax)
  if (!body.ok) throw new ApiError('RequestEntityTooLarge', body.message)
  const response = await enroll(parseBody(body.bytes))
  const isPending = response.phase === 'Pending'
  return {
    code: isPending ? 202 : 200,
    headers: isPending ? { ...json, 'retry-after': pendingRetrySeconds } : json,
    body: JSON.stringify(response),
  }
}

function parseBody(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw badRequest('the body of the request is not JSON in UTF-8')
  }
}

function refusal(thrown: unknown): HttpAnswer {
  const error =
    thrown instanceof ApiError
      ? thrown
      : new ApiError('InternalError', 'The enrolment failed at the hub: see its log.')
  const seconds = error.status.details?.retryAfterSeconds
  return {
    code: error.code,
    headers: seconds === undefined ? json : { ...json, 'retry-after': seconds },
    body: JSON.stringify(error.status),
  }
}
