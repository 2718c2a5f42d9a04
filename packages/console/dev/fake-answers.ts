import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'

const dist = join(import.meta.dirname, '..', 'dist')
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
export const security = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
}
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

export function sendJson(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json', ...security })
  response.end(JSON.stringify(value))
}

export function sendStatus(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' }
  sendJson(response, code, { ...status, message, reason, code })
}

export function sendFile(path: string, response: ServerResponse): void {
  const name = path === '/' ? '/index.html' : normalize(path)
  try {
    const bytes = readFileSync(join(dist, name))
    response.writeHead(200, { 'content-type': types[extname(name)] ?? 'text/plain', ...security })
    response.end(bytes)
  } catch {
    response.writeHead(404, security)
    response.end()
  }
}
