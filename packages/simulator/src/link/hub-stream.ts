import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Duplex } from 'node:stream'
import type { HubSession } from './hub-session.ts'

/** What becomes of an answer on its way to the device. */
export type AnswerSink = {
  head(headers: IncomingHttpHeaders): void
  /** `taken` is called when the device has it. */
  piece(bytes: Buffer, taken: () => void): void
  end(): void
  /** The hub gave the stream up before its end. */
  abort(): void
}

/** A request as the gateway sees it: the part of a stream of HTTP/2 that it uses. */
export class HubStream extends Duplex {
  readonly session: HubSession
  headersSent = false
  #isFinished = false
  readonly #sink: AnswerSink

  constructor(session: HubSession, sink: AnswerSink) {
    super()
    this.session = session
    this.#sink = sink
    session.streams.add(this)
    this.once('close', () => session.streams.delete(this))
  }

  /** As the gateway's types name it. */
  asServerStream(): ServerHttp2Stream {
    return this as unknown as ServerHttp2Stream
  }

  /** The body of the request, which came with it. */
  receive(body: Uint8Array | undefined): void {
    if (body !== undefined && body.length > 0) this.push(body)
    this.push(null)
  }

  respond(headers: OutgoingHttpHeaders, options?: { readonly endStream?: boolean }): void {
    this.headersSent = true
    this.#sink.head(headers as IncomingHttpHeaders)
    if (options?.endStream === true) this.end()
  }

  close(): void {
    this.destroy()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.#sink.piece(chunk, taken)
  }

  override _final(done: () => void): void {
    this.#isFinished = true
    this.#sink.end()
    done()
    // A stream is over when its answer is, whether or not anybody read the request.
    process.nextTick(() => this.destroy())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isFinished) this.#sink.abort()
    done(error)
  }
}
