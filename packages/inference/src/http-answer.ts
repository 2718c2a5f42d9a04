import type { ServerResponse } from 'node:http'
import type { RequestProblem } from './request-problem.ts'

export function sendJson(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  bodyBytes = Buffer.byteLength(body),
): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bodyBytes })
  /** Plain ASCII needs no encoding, and goes out with the headers in one piece. */
  const isPlain = typeof body === 'string' && body.length === bodyBytes
  response.end(body, isPlain ? 'latin1' : 'utf8')
}

/** `{"error": …}`, as the protocol has it. */
export function sendProblem(response: ServerResponse, { status, message }: RequestProblem): void {
  if (response.destroyed || response.headersSent) return
  if (status === 503) response.setHeader('Retry-After', '1')
  /** What was not read of a body would be taken for the next request. */
  if (!response.req.complete) response.shouldKeepAlive = false
  sendJson(response, status, JSON.stringify({ error: message }))
}
