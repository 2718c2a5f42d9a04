import { EventEmitter } from 'node:events'
import type { ServerHttp2Session } from 'node:http2'
import type { HubStream } from './hub-stream.ts'

/** A connection as the gateway sees it: the part of a session of HTTP/2 that it uses. */
export class HubSession extends EventEmitter {
  destroyed = false
  readonly socket = { bytesRead: 0 }
  readonly streams = new Set<HubStream>()
  readonly #sendPing: () => void
  readonly #onDestroy: () => void

  constructor(doors: { readonly sendPing: () => void; readonly onDestroy: () => void }) {
    super()
    this.#sendPing = doors.sendPing
    this.#onDestroy = doors.onDestroy
  }

  /** As the gateway's types name it. */
  asServerSession(): ServerHttp2Session {
    return this as unknown as ServerHttp2Session
  }

  ping(): boolean {
    this.#sendPing()
    return true
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#onDestroy()
    for (const stream of this.streams) stream.destroy()
    process.nextTick(() => this.emit('close'))
  }
}
