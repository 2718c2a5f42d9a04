import { IncomingMessage, ServerResponse } from 'node:http'
import { type Http2ServerRequest, type Http2ServerResponse, constants } from 'node:http2'
import type { Clock } from '@skerry/base/clock'
import { type RequestMark, judgeSlowness } from './slow-request.ts'

type Request = Http2ServerRequest | IncomingMessage
type Response = Http2ServerResponse | ServerResponse

type Open = {
  readonly request: Request
  readonly response: Response
  readonly startedMs: number
  readonly hasBody: boolean
  readonly isUpload: boolean
  /** The answer is over; of the body some is still to come. */
  isAnswered: boolean
  mark: RequestMark
}

/** The requests that are not over, of which the slow ones are cut off. */
export type OpenRequests = {
  readonly size: number
  add(request: Request, response: Response): void
  /** Looks at all of them; called now and then. */
  look(): void
}

/** `isUpload`: whether a body on this path may take hours. */
export function createOpenRequests(
  clock: Clock,
  isUpload: (path: string) => boolean,
): OpenRequests {
  const open = new Set<Open>()
  return {
    get size() {
      return open.size
    },
    add: (request, response) => {
      const startedMs = clock.monotonicMs()
      const { received, sent } = bytesOf(request)
      const entry: Open = {
        request,
        response,
        startedMs,
        hasBody: hasBody(request),
        isUpload: isUpload(request.url ?? ''),
        isAnswered: false,
        mark: { atMs: startedMs, received, sent },
      }
      open.add(entry)
      response.once('close', () => {
        entry.isAnswered = true
        if (!isSending(entry)) open.delete(entry)
      })
    },
    look: () => {
      const nowMs = clock.monotonicMs()
      for (const entry of open) {
        if (entry.isAnswered && !isSending(entry)) {
          open.delete(entry)
          continue
        }
        const { request, response, startedMs } = entry
        const { verdict, mark } = judgeSlowness(
          {
            isUpload: entry.isUpload,
            isSending: isSending(entry),
            isReading: response.writableEnded && !isTaken(response),
            nowMs,
            startedMs,
            ...bytesOf(request),
          },
          entry.mark,
        )
        entry.mark = mark
        if (verdict === 'slow-reader') response.destroy()
        if (verdict === 'slow-body') cutSlowBody(entry)
      }
    },
  }
}

function hasBody(request: Request): boolean {
  if (!(request instanceof IncomingMessage)) return !request.stream.endAfterHeaders
  const { headers } = request
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function isSending({ request, hasBody: has }: Open): boolean {
  return has && !request.complete && !request.destroyed
}

function isTaken(response: Response): boolean {
  if (response instanceof ServerResponse) return response.writableFinished
  // A stream that has gone is no longer there, whatever the types say.
  const { stream } = response as Partial<Pick<Http2ServerResponse, 'stream'>>
  return stream?.writableFinished ?? true
}

function bytesOf(request: Request): { readonly received: number; readonly sent: number } {
  // A request whose connection has gone has no socket, whatever the types say.
  const { socket } = request as { readonly socket?: Request['socket'] | null }
  return { received: socket?.bytesRead ?? 0, sent: socket?.bytesWritten ?? 0 }
}

/** Says why if nothing was said yet. Nobody waits for the rest. */
function cutSlowBody({ request, response }: Open): void {
  if (response.headersSent) return hangUp(request)
  const message = 'the body of the request did not come in time: send it again'
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'Timeout',
    code: 408,
  }
  response.statusCode = 408
  response.setHeader('Content-Type', 'application/json')
  if (request.httpVersionMajor === 1) response.setHeader('Connection', 'close')
  response.once('finish', () => hangUp(request))
  endWith(response, `${JSON.stringify(status)}\n`)
}

function hangUp(request: Request): void {
  if (request instanceof IncomingMessage) request.destroy()
  else request.stream.close(constants.NGHTTP2_CANCEL)
}

function endWith(response: { end(text: string): unknown }, text: string): void {
  response.end(text)
}
