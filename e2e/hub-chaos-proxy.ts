import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/** Carries bytes between its port and another, and breaks what it carries when told to. */
export type FaultyProxy = AsyncDisposable & {
  readonly port: number
  /** Ends every connection without a word, as a firewall or a power cut does. Returns how many. */
  resetAll(): number
  /** Carries nothing for a while, and then all of it. */
  stall(isStalled: boolean): void
}

export async function openFaultyProxy(target: () => number): Promise<FaultyProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const sockets = new Set<Socket>()
  let isStalled = false
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: target(), noDelay: true })
    near.setNoDelay(true)
    const pair = [near, far] as const
    for (const socket of pair) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('error', end)
      from.once('close', () => {
        // What has come in goes out first; a side that is stalled would hold it for ever.
        to.resume()
        to.destroySoon()
        pairs.delete(pair)
      })
      from.on('data', (chunk: Buffer) => {
        if (!to.write(chunk)) from.pause()
      })
      to.on('drain', () => {
        if (!isStalled) from.resume()
      })
    }
    if (isStalled) for (const socket of pair) socket.pause()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    resetAll: () => {
      const count = pairs.size
      for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
      pairs.clear()
      return count
    },
    stall: (stalled) => {
      isStalled = stalled
      for (const pair of pairs)
        for (const socket of pair)
          if (stalled) socket.pause()
          else socket.resume()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}
