import { type Server, createServer } from 'node:http'
import { type AddressInfo, type Socket, connect } from 'node:net'

export type Bytes = { readonly up: number; readonly down: number }

type Tunnel = { readonly client: Socket; readonly hub: Socket; up: number; down: number }

/** An HTTP proxy for CONNECT that counts what goes through its tunnels, apart from the CONNECT itself. */
export class CountingProxy implements AsyncDisposable {
  /** How many tunnels there were so far. */
  tunnelsSeen = 0
  readonly #tunnels = new Set<Tunnel>()
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    server.on('connect', (request, client: Socket) => this.#open(request.url ?? '', client))
  }

  static async start(): Promise<CountingProxy> {
    const server = createServer((_, response) => response.writeHead(405).end())
    const proxy = new CountingProxy(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** What went through the newest tunnel so far. */
  newest(): Bytes {
    const tunnel = [...this.#tunnels].at(-1)
    if (tunnel === undefined) throw new Error('nothing is connected through the proxy')
    return { up: tunnel.up, down: tunnel.down }
  }

  /** Ends every tunnel, as a link that is lost does. */
  drop(): void {
    for (const { client } of this.#tunnels) client.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.drop()
    await closed
  }

  #open(address: string, client: Socket): void {
    const at = address.lastIndexOf(':')
    const hub = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) })
    const tunnel: Tunnel = { client, hub, up: 0, down: 0 }
    const end = () => {
      this.#tunnels.delete(tunnel)
      client.destroy()
      hub.destroy()
    }
    for (const socket of [client, hub]) {
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', end)
    }
    hub.once('connect', () => {
      this.tunnelsSeen += 1
      this.#tunnels.add(tunnel)
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.on('data', (chunk: Buffer) => {
        tunnel.up += chunk.length
        hub.write(chunk)
      })
      hub.on('data', (chunk: Buffer) => {
        tunnel.down += chunk.length
        client.write(chunk)
      })
    })
  }
}
