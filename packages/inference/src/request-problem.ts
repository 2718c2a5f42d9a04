/** Why a request gets no answer: the HTTP status, and a sentence that says what to do. */
export type RequestProblem = {
  readonly ok: false
  readonly status: 400 | 404 | 408 | 413 | 415 | 500 | 503
  readonly message: string
}

export const badRequest = (message: string): RequestProblem => ({ ok: false, status: 400, message })
