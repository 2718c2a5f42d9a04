import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

type Answer = { readonly status: string; readonly error: string }

const answers = new Map<string, Answer>([
  [
    'HPE_HEADER_OVERFLOW',
    { status: '431 Request Header Fields Too Large', error: 'the headers are too large' },
  ],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: '408 Request Timeout', error: 'the request did not arrive in time' },
  ],
  [
    'TOO_MANY_CONNECTIONS',
    {
      status: '503 Service Unavailable',
      error: 'too many connections are open: use fewer, and keep them alive',
    },
  ],
])
const malformed: Answer = { status: '400 Bad Request', error: 'this is not HTTP/1.1' }

/** Answers what never became a request, in the protocol's own words, and closes. */
export function answerClientError(
  error: { readonly code?: string },
  socket: Duplex | Socket,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, error: text } = answers.get(error.code ?? '') ?? malformed
  const body = JSON.stringify({ error: text })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
