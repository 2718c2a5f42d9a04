import { createHash } from 'node:crypto'
import { chmod, rm } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, createServer as createHttp } from 'node:http'
import { type Server, type Socket, createConnection, createServer } from 'node:net'
import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import type { DeviceNetwork } from '@skerry/client/device-link'
import { type Connection, type HostNetwork, type LocalHandler, PortError } from './host.ts'
import { localBodyBytesMax, refusedConnectionMs } from './limits.ts'

export type RealNetwork = HostNetwork & {
  /** The socket of a connection that this network accepted. */
  socketOf(connection: Connection): Socket | undefined
}

export function createRealNetwork(device: DeviceNetwork): RealNetwork {
  const sockets = new WeakMap<Connection, Socket>()
  return {
    device,
    socketOf: (connection) => sockets.get(connection),
    async listen(port, onConnection) {
      const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
        // A client that goes away while it waits is no event.
        socket.on('error', () => {})
        const connection = { refuse: (text: string) => refuse(socket, text) }
        sockets.set(connection, socket)
        onConnection(connection)
      })
      await listenOn(server, { port, host: '127.0.0.1' })
      const address = server.address()
      const bound = typeof address === 'object' ? address?.port : undefined
      return {
        port: bound ?? port,
        // Connections that were handed over live on in other processes: nobody waits for them.
        async [Symbol.asyncDispose]() {
          server.close()
        },
      }
    },
    serveLocal,
    lockDirectory,
  }
}

function refuse(socket: Socket, text: string): void {
  // Reading what the client sends keeps the answer from being lost to a reset.
  socket.resume()
  socket.end(text)
  void systemClock.sleep(refusedConnectionMs).then(() => socket.destroy())
}

async function serveLocal(path: string, handler: LocalHandler): Promise<AsyncDisposable> {
  const server = createHttp(
    { requestTimeout: 10_000, headersTimeout: 5000 },
    (request, response) => {
      answer(request, response, handler).catch((error: unknown) => {
        response.destroy(toError(error))
      })
    },
  )
  // The directory is locked: whatever lies there is from an earlier run.
  await rm(path, { force: true })
  await listenOn(server, { path })
  await chmod(path, 0o600)
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await close(server)
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handler: LocalHandler,
): Promise<void> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes <= localBodyBytesMax) chunks.push(chunk)
  }
  const { method = 'GET', url = '/' } = request
  const result =
    bytes > localBodyBytesMax
      ? { code: 413, body: { error: `the body must be at most ${localBodyBytesMax} bytes` } }
      : await handler({ method, path: url.split('?')[0] ?? '/', body: Buffer.concat(chunks) })
  response.writeHead(result.code, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(result.body)}\n`)
}

/**
 * The kernel holds an abstract socket for as long as its process lives and lets it go by itself, so
 * that a lock never outlives its holder. Elsewhere than on Linux a socket file has to do.
 */
async function lockDirectory(path: string): Promise<AsyncDisposable | undefined> {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 40)
  const isLinux = process.platform === 'linux'
  const address = isLinux ? `\0skerry-agent-${name}` : `${path}/lock.sock`
  if (!isLinux && !(await isAnswered(address))) await rm(address, { force: true })
  const server = createServer((socket) => socket.destroy())
  try {
    await listenOn(server, { path: address })
  } catch (error) {
    if (error instanceof PortError) return undefined
    throw error
  }
  server.unref()
  return { [Symbol.asyncDispose]: () => close(server) }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

type Address = { readonly port: number; readonly host: string } | { readonly path: string }

function listenOn(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portErrorOf(error, address)))
    server.listen(address, resolve)
  })
}

function portErrorOf(error: NodeJS.ErrnoException, address: Address): Error {
  const where = 'port' in address ? `port ${address.port} of 127.0.0.1` : address.path
  if (error.code === 'EADDRINUSE')
    return new PortError(`${where} is in use: free it, or choose another`)
  if (error.code === 'EACCES')
    return new PortError(`${where} may not be opened by this user: choose one above 1023`)
  return error
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
