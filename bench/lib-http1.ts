// A small HTTP/1.1 client over one TLS connection, for load: it costs the machine a fraction of what
// `node:https` does, so that the server under test gets the processor. One request at a time.
import { type TLSSocket, connect } from 'node:tls'

export type Target = {
  readonly host: string
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export type Reply = { readonly status: number; readonly body: Buffer }

type Waiting = {
  readonly keep: boolean
  readonly onChunk: ((chunk: Buffer) => void) | undefined
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

const headEnd = Buffer.from('\r\n\r\n')

export class Http1Connection {
  readonly #socket: TLSSocket
  readonly #host: string
  #waiting: Waiting | undefined
  #head: Buffer | undefined
  #status = 0
  /** Bytes of the body still to come; -1: chunked. */
  #left = 0
  #isChunked = false
  #chunks: Buffer[] = []

  private constructor(socket: TLSSocket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.on('data', (data: Buffer) => this.#take(data))
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')))
    socket.on('error', (error) => this.#waiting?.reject(error))
  }

  static open(target: Target): Promise<Http1Connection> {
    const { host, port, ca, cert, key } = target
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, ca, cert, key, ALPNProtocols: ['http/1.1'] }, () => {
        socket.setNoDelay(true)
        resolve(new Http1Connection(socket, `${host}:${port}`))
      })
      socket.once('error', reject)
    })
  }

  /** With `onChunk` the body is given out as it comes and not kept. */
  send(
    method: string,
    path: string,
    options: {
      body?: string
      type?: string
      accept?: string
      keep?: boolean
      onChunk?: (chunk: Buffer) => void
    } = {},
  ): Promise<Reply> {
    const { body, type = 'application/json', accept = 'application/json', onChunk } = options
    const length = body === undefined ? 0 : Buffer.byteLength(body)
    const entity =
      body === undefined ? '' : `content-type: ${type}\r\ncontent-length: ${length}\r\n`
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nuser-agent: bench\r\naccept: ${accept}\r\n${entity}\r\n`
    return new Promise((resolve, reject) => {
      this.#waiting = { keep: options.keep ?? false, onChunk, resolve, reject }
      this.#socket.write(body === undefined ? head : head + body)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #take(data: Buffer): void {
    let rest = data
    if (this.#head !== undefined) {
      rest = Buffer.concat([this.#head, data])
      this.#head = undefined
    }
    if (this.#status === 0) {
      const end = rest.indexOf(headEnd)
      if (end < 0) {
        this.#head = rest
        return
      }
      this.#readHead(rest.toString('latin1', 0, end))
      rest = rest.subarray(end + 4)
    }
    if (this.#isChunked) this.#takeChunked(rest)
    else this.#takeSized(rest)
  }

  #readHead(head: string): void {
    this.#status = Number(head.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    this.#isChunked = /\r\ntransfer-encoding: *chunked/i.test(head)
    this.#left = length === null ? 0 : Number(length[1])
  }

  #give(bytes: Buffer): void {
    const waiting = this.#waiting
    if (waiting?.onChunk !== undefined) waiting.onChunk(bytes)
    else if (waiting?.keep) this.#chunks.push(bytes)
  }

  #takeSized(bytes: Buffer): void {
    this.#left -= bytes.length
    if (bytes.length > 0) this.#give(bytes)
    if (this.#left <= 0) this.#finish()
  }

  /** What of a chunk's frame has not come whole is kept for the next time. */
  #takeChunked(bytes: Buffer): void {
    let rest = bytes
    for (;;) {
      if (this.#left > 0) {
        const part = rest.subarray(0, this.#left)
        this.#left -= part.length
        rest = rest.subarray(part.length)
        // The two bytes that end a chunk are no part of it.
        if (part.length > 0) this.#give(part)
        if (this.#left > 0) return
        this.#left = -2
      }
      if (this.#left === -2) {
        if (rest.length < 2) return this.#keep(rest)
        rest = rest.subarray(2)
        this.#left = 0
      }
      const line = rest.indexOf('\r\n')
      if (line < 0) return this.#keep(rest)
      const size = Number.parseInt(rest.toString('latin1', 0, line), 16)
      if (size === 0) {
        if (rest.length < line + 4) return this.#keep(rest)
        return this.#finish()
      }
      rest = rest.subarray(line + 2)
      this.#left = size
    }
  }

  #keep(rest: Buffer): void {
    if (rest.length > 0) this.#head = Buffer.from(rest)
  }

  #finish(): void {
    const waiting = this.#waiting
    const reply = { status: this.#status, body: Buffer.concat(this.#chunks) }
    this.#waiting = undefined
    this.#status = 0
    this.#left = 0
    this.#isChunked = false
    this.#chunks = []
    waiting?.resolve(reply)
  }
}
