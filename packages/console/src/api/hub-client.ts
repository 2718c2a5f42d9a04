import { ApiError, type Status, errorOfStatus, isApiError } from '@skerry/api/status'
import { messageBytesMax, requestMsMax } from '../limits.ts'
import { linesOf } from './watch-events.ts'

export type Fetch = (path: string, init: RequestInit) => Promise<Response>

export type HubClient = {
  /** The JSON that the hub answers. Rejects with an `ApiError`, whatever went wrong. */
  get(path: string, signal?: AbortSignal): Promise<unknown>
  send(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** The lines of an answer that does not end. Resolves when the hub has begun to answer. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<string>>
}

/** Where the browser cannot reach the hub there is no status code; people get this sentence. */
const unreachableMessage = 'The hub cannot be reached.'

export function createHubClient(fetchFrom: Fetch, onSignedOut: () => void): HubClient {
  async function open(path: string, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await fetchFrom(path, {
        credentials: 'same-origin',
        cache: 'no-store',
        ...init,
      })
    } catch (thrown) {
      if (init.signal?.aborted === true) throw new ApiError('Timeout', 'The hub did not answer.')
      throw new ApiError('ServiceUnavailable', `${unreachableMessage} (${String(thrown)})`)
    }
    if (response.ok) return response
    const error = await errorOf(response)
    if (isApiError(error, 'Unauthorized')) onSignedOut()
    throw error
  }

  async function request(path: string, init: RequestInit): Promise<unknown> {
    const deadline = AbortSignal.timeout(requestMsMax)
    const signal = init.signal == null ? deadline : AbortSignal.any([init.signal, deadline])
    const response = await open(path, { ...init, signal })
    const text = await response.text().catch(() => {
      throw new ApiError('ServiceUnavailable', 'The connection broke while the hub answered.')
    })
    if (text === '') return undefined
    return parseAnswer(text)
  }

  return {
    get: (path, signal) =>
      request(path, {
        headers: { accept: 'application/json' },
        ...(signal === undefined ? {} : { signal }),
      }),
    send: (method, path, body) =>
      request(path, {
        method,
        headers: {
          accept: 'application/json',
          // A page of another origin cannot set this header, so it cannot use our cookie.
          'x-skerry-console': '1',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    stream: async (path, signal) => {
      const response = await open(path, { headers: { accept: 'application/json' }, signal })
      if (response.body === null)
        throw new ApiError('ServiceUnavailable', 'The hub answered a watch with nothing.')
      return linesOf(chunksOf(response.body), messageBytesMax)
    },
  }
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError('InternalError', 'The hub answered with something that is not JSON.')
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  try {
    return errorOfStatus(JSON.parse(text) as Partial<Status>, response.status)
  } catch {
    return errorOfStatus({}, response.status)
  }
}

/** Streams are not iterable in every browser yet. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
