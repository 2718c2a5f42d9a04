import type { IncomingHttpHeaders } from 'node:http2'
import { lost, refusal } from '@skerry/client/device-calls'
import type { LinkError } from '@skerry/client/device-link'
import type { AnswerSink } from './hub-stream.ts'

/** A request as the device sees it: the answer as it comes in. */
export class DeviceCall {
  readonly #head = Promise.withResolvers<IncomingHttpHeaders>()
  readonly #pieces: Buffer[] = []
  #end: 'open' | 'complete' | LinkError = 'open'
  #wake: (() => void) | undefined

  constructor() {
    this.#head.promise.catch(() => {})
  }

  /** What arrives, in the order in which it does. */
  readonly sink: AnswerSink = {
    head: (headers) => this.#head.resolve(headers),
    piece: (bytes, taken) => {
      this.#pieces.push(bytes)
      taken()
      this.#wake?.()
    },
    end: () => this.#finish('complete'),
    abort: () => this.fail(lost()),
  }

  fail(error: LinkError): void {
    this.#head.reject(error)
    this.#finish(error)
  }

  /** Waits for the headers of the answer. Rejects with a LinkError for 4xx and 5xx. */
  async answered(): Promise<number> {
    const headers = await this.#head.promise
    const code = Number(headers[':status'])
    if (code < 400) return code
    throw refusal(code, headers, await this.whole().catch(() => Buffer.alloc(0)))
  }

  async whole(): Promise<Buffer> {
    return Buffer.concat(await Array.fromAsync(this.pieces()))
  }

  async *pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) yield piece
      else if (this.#end === 'complete') return
      else if (this.#end !== 'open') throw this.#end
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #finish(end: 'complete' | LinkError): void {
    if (this.#end !== 'open') return
    this.#end = end
    this.#wake?.()
  }
}
