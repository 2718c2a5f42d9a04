import { get } from 'node:https'
import { identityDocumentBytesMax, identityFetchMs } from '../limits.ts'

/** Gets a JSON document over HTTPS; `authority` (PEM) is trusted instead of the system's. */
export type FetchJson = (
  url: string,
  options: { readonly authority: string | undefined },
) => Promise<unknown>

/** Follows nobody elsewhere, and takes nothing large or slow. */
export const fetchJson: FetchJson = (url, { authority }) =>
  new Promise((resolve, reject) => {
    const request = get(
      url,
      {
        ...(authority === undefined ? {} : { ca: authority }),
        agent: false,
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(identityFetchMs),
      },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume()
          return reject(new Error(`${url} answered ${response.statusCode}`))
        }
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > identityDocumentBytesMax)
            request.destroy(new Error(`${url} is larger than ${identityDocumentBytesMax} bytes`))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')))
          } catch {
            reject(new Error(`${url} is not JSON`))
          }
        })
      },
    )
    request.on('error', reject)
  })
