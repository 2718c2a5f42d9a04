import type { Connection, Host, Listener } from '../host.ts'
import { connectionWaitMs, waitingConnectionsMax } from '../limits.ts'

/**
 * The address of a model. The agent listens, so that the address stays while processes come and go: a
 * connection is handed to whoever serves, and waits a while when nobody does.
 */
export type ModelPort = AsyncDisposable & {
  readonly port: number
  /** Takes connections from now on, those that wait first; undefined: they wait. */
  serveBy(handOver: HandOver | undefined): void
  /** Takes back a connection that a process did not live to serve. */
  accept(connection: Connection): void
}

/** False when the process is gone: the connection waits for the next. */
export type HandOver = (connection: Connection) => boolean

const unavailable = [
  'HTTP/1.1 503 Service Unavailable',
  'Content-Type: application/json',
  'Retry-After: 1',
  'Connection: close',
]

export async function openModelPort(host: Host, layer: string, port: number): Promise<ModelPort> {
  const waiting: { readonly connection: Connection; readonly untilMs: number }[] = []
  const closed = new AbortController()
  let handOver: HandOver | undefined
  let isExpiring = false

  const refuse = (connection: Connection, why: string): void => {
    const body = JSON.stringify({ error: `model ${layer} does not serve: ${why}; try again` })
    const length = `Content-Length: ${Buffer.byteLength(body)}`
    connection.refuse(`${[...unavailable, length].join('\r\n')}\r\n\r\n${body}`)
  }

  const expire = async (): Promise<void> => {
    isExpiring = true
    while (waiting.length > 0 && !closed.signal.aborted) {
      const waitMs = waiting[0]!.untilMs - host.clock.monotonicMs()
      if (waitMs > 0) await host.clock.sleep(waitMs, closed.signal).catch(() => {})
      while (waiting[0] !== undefined && waiting[0].untilMs <= host.clock.monotonicMs())
        refuse(waiting.shift()!.connection, `no process was ready within ${connectionWaitMs} ms`)
    }
    isExpiring = false
  }

  const accept = (connection: Connection): void => {
    if (handOver?.(connection) === true) return
    if (waiting.length >= waitingConnectionsMax) {
      refuse(connection, `${waitingConnectionsMax} connections wait already`)
      return
    }
    waiting.push({ connection, untilMs: host.clock.monotonicMs() + connectionWaitMs })
    if (!isExpiring) void expire()
  }

  const listener: Listener = await host.network.listen(port, accept)
  return {
    port: listener.port,
    accept,
    serveBy(next) {
      handOver = next
      while (waiting[0] !== undefined && handOver?.(waiting[0].connection) === true) waiting.shift()
    },
    async [Symbol.asyncDispose]() {
      closed.abort(new Error('The port is closed'))
      for (const { connection } of waiting.splice(0)) refuse(connection, 'it is being stopped')
      await listener[Symbol.asyncDispose]()
    },
  }
}
