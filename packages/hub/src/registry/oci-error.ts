import type { HttpAnswer } from '../http-message.ts'

/** The words of the distribution specification 1.1, with the HTTP status of each. */
const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  RANGE_INVALID: 416,
  UNAVAILABLE: 503,
  STORAGE_FULL: 507,
  UNKNOWN: 500,
} as const

export type OciErrorCode = keyof typeof statuses

/** An answer in which `message` says what is wrong and what to do. */
export function ociError(
  code: OciErrorCode,
  message: string,
  headers: HttpAnswer['headers'] = {},
): HttpAnswer {
  return {
    code: statuses[code],
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ errors: [{ code, message, detail: null }] }),
  }
}
