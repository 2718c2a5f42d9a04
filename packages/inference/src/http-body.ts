import type { IncomingMessage } from 'node:http'
import type { InferenceLimits } from './limits.ts'
import type { RequestProblem } from './request-problem.ts'

export type HttpBody = {
  readonly ok: true
  readonly bytes: Buffer<ArrayBuffer>
  /** Gives the bytes back to the budget, when nothing needs them any more. */
  readonly release: () => void
}
export type BodyGone = { readonly ok: false; readonly status: 'gone' }
type Limits = Pick<InferenceLimits, 'bodyBytesMax' | 'bodiesBytesMax' | 'discardBytesMax'>

/** Reads request bodies within a bound for each and one for all of them together. */
export class BodyReader {
  readonly #limits: Limits
  #heldBytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * A body that is too large is read to its end and thrown away, so that the client hears why; past
   * `discardBytesMax` it hears it at once. `gone`: the client left.
   */
  read(
    request: IncomingMessage,
    bytesMax = this.#limits.bodyBytesMax,
  ): Promise<HttpBody | RequestProblem | BodyGone> {
    const encoding = request.headers['content-encoding']
    let problem: RequestProblem | undefined =
      encoding === undefined || encoding === 'identity'
        ? undefined
        : { ok: false, status: 415, message: `the body is ${encoding}: send it uncompressed` }
    const chunks: Buffer<ArrayBuffer>[] = []
    let seenBytes = 0
    let keptBytes = 0
    const release = () => {
      this.#heldBytes -= keptBytes
      keptBytes = 0
      chunks.length = 0
    }
    const take = (chunk: Buffer<ArrayBuffer>) => {
      seenBytes += chunk.length
      if (problem !== undefined) return
      problem = this.#refusalOf(seenBytes, chunk.length, bytesMax)
      if (problem !== undefined) return release()
      chunks.push(chunk)
      keptBytes += chunk.length
      this.#heldBytes += chunk.length
    }
    return new Promise((resolve) => {
      request.on('data', (chunk: Buffer<ArrayBuffer>) => {
        take(chunk)
        if (problem !== undefined && seenBytes > this.#limits.discardBytesMax) resolve(problem)
      })
      request.on('end', () => {
        if (problem !== undefined) return resolve(problem)
        const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
        resolve({ ok: true, bytes, release })
      })
      request.on('error', () => {})
      request.on('close', () => {
        if (request.complete) return
        release()
        resolve({ ok: false, status: 'gone' })
      })
    })
  }

  #refusalOf(seenBytes: number, moreBytes: number, bytesMax: number): RequestProblem | undefined {
    if (seenBytes > bytesMax)
      return {
        ok: false,
        status: 413,
        message: `the body is larger than ${bytesMax} bytes: send fewer rows at once`,
      }
    return this.#heldBytes + moreBytes <= this.#limits.bodiesBytesMax
      ? undefined
      : {
          ok: false,
          status: 503,
          message: `the bodies of all requests together are larger than ${this.#limits.bodiesBytesMax} bytes: try again in a second`,
        }
  }
}
