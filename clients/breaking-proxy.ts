import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/** A way to a server that can be cut: TCP through a port of its own on 127.0.0.1. */
export type BreakingProxy = AsyncDisposable & {
  readonly port: number
  /** Ends every connection at once, with no word; gives how many. */
  cut(): number
}

export async function openBreakingProxy(toPort: number): Promise<BreakingProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const cut = () => {
    const before = sockets.size / 2
    for (const socket of sockets) socket.resetAndDestroy()
    return before
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      await once(server.close(), 'close')
    },
  }
}

export function portOf(kubeconfig: string): number {
  return Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(kubeconfig)![1])
}

/** Writes a kubeconfig that goes through the proxy instead. */
export async function kubeconfigThrough(from: string, to: string, port: number): Promise<void> {
  const text = await readFile(from, 'utf8')
  await writeFile(to, text.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${port}`))
}
