import { toError } from '@skerry/base/assert'
import { ApiError, unavailable } from '@skerry/api/status'
import { sendError } from './wire/answer.ts'
import type { ApiRequest } from './authorization.ts'
import type { ApiResponse, ApiServerOptions, ServerContext } from './call.ts'
import { extensionTable } from './extension.ts'
import { closeWaitMsMax, requestsInFlightMax } from './limits.ts'
import { isOwnPath } from './route.ts'
import { createServeRequest } from './serve-request.ts'

/** The Kubernetes API over a `State`. */
export type ApiServer = AsyncDisposable & {
  /** Answers a request of HTTP/1.1 or HTTP/2; false, and nothing done, if the path is another's. */
  handle(request: ApiRequest, response: ApiResponse): boolean
}

/** Throws when a kind promises a subresource that nobody handles. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { kinds, log } = options
  const closing = new AbortController()
  const extensions = extensionTable(kinds.kinds, options.extensions ?? {})
  const server: ServerContext = {
    ...options,
    extensions,
    closing: closing.signal,
    watches: { open: 0 },
  }
  const serve = createServeRequest(server, options)
  const running = new Set<Promise<void>>()
  return {
    handle: (request, response) => {
      const [path, search] = splitUrl(request.url ?? '')
      if (!isOwnPath(path)) return false
      const isBusy = running.size - server.watches.open >= requestsInFlightMax
      const refusal = closing.signal.aborted ? shuttingDown() : isBusy ? busy() : undefined
      const work =
        refusal === undefined
          ? serve({ request, response, path, search })
          : sendError({ request, response }, refusal)
      const done = work
        .catch((thrown: unknown) => {
          // The answer itself could not be sent: the client has gone, or is told by a cut.
          log.debug('an answer was not sent', { path, error: toError(thrown).message })
          response.destroy()
        })
        .finally(() => running.delete(done))
      running.add(done)
      return true
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      const done = new AbortController()
      const late = options.clock.sleep(closeWaitMsMax, done.signal).catch(() => {})
      await Promise.race([Promise.all(running), late])
      done.abort()
    },
  }
}

function shuttingDown(): ApiError {
  return unavailable('The hub is shutting down: try again.')
}

function busy(): ApiError {
  return new ApiError('TooManyRequests', 'too many requests at once: come back in a second', {
    retryAfterSeconds: 1,
  })
}

function splitUrl(url: string): [string, string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}
