import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { pipeline } from 'node:stream'
import { type HttpRequest, type HttpResponse, sendHttpAnswer } from './http-message.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.map': 'application/json',
  '.woff2': 'font/woff2',
}

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
}

/**
 * Serves the console's bundle from `folder`. Returns false when the path is no file of it, so that the
 * API can answer. The page itself is at `/`; what it shows stands behind `#`.
 */
export function createConsoleFiles(folder: string | undefined) {
  return async (request: HttpRequest, response: HttpResponse): Promise<boolean> => {
    if (folder === undefined || (request.method !== 'GET' && request.method !== 'HEAD'))
      return false
    const path = URL.parse(request.url ?? '/', 'https://hub')?.pathname ?? ''
    const accepts = request.headers.accept ?? ''
    if (path === '/' && !accepts.includes('text/html')) return false
    const file = join(folder, normalize(path === '/' ? '/index.html' : path))
    const type = types[extname(file)]
    if (!file.startsWith(folder) || type === undefined) return false
    const found = await stat(file).catch(() => undefined)
    if (found === undefined || !found.isFile()) return path === '/' && tellUnbuilt(response)
    const isHashed = path.startsWith('/assets/')
    const headers = {
      ...securityHeaders,
      'content-type': type,
      'content-length': found.size,
      'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    }
    if (request.method === 'HEAD') sendHttpAnswer(response, { code: 200, headers })
    else {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      // Ends both, whichever breaks: a reader that goes away must not leave the file open.
      pipeline(createReadStream(file), response, () => {})
    }
    return true
  }
}

function tellUnbuilt(response: HttpResponse): true {
  sendHttpAnswer(response, {
    code: 503,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: 'The console is not built yet: run "npm start", which builds it.\n',
  })
  return true
}
