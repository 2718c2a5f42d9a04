import {
  type Connection,
  type HostNetwork,
  type LocalHandler,
  type LocalResponse,
  PortError,
} from '@skerry/agent/host'
import type { DeviceNetwork } from '@skerry/client/device-link'
import type { Life } from '../time/life.ts'

/** The ports and sockets of a machine. The kernel takes them back from a process that died. */
export type MachineNetwork = {
  open(life: Life, device: DeviceNetwork): HostNetwork
  /** Asks the agent that runs, as somebody at the site does. */
  ask(method: string, path: string, body?: string): Promise<LocalResponse | undefined>
}

export function createMachineNetwork(): MachineNetwork {
  const ports = new Map<number, Life>()
  let holder: Life | undefined
  let handler: LocalHandler | undefined
  let nextPort = 40_000
  return {
    ask: async (method, path, body = '') => handler?.({ method, path, body: Buffer.from(body) }),
    open: (life, device) => ({
      device,
      async listen(wanted: number, _onConnection: (connection: Connection) => void) {
        const port = wanted === 0 ? nextPort++ : wanted
        if (ports.get(port)?.isOver === false)
          throw new PortError(`port ${port} of 127.0.0.1 is in use: free it`)
        ports.set(port, life)
        return { port, [Symbol.asyncDispose]: async () => void ports.delete(port) }
      },
      async serveLocal(_path, serve) {
        handler = serve
        const forget = () => {
          if (handler === serve) handler = undefined
        }
        life.onEnd(forget)
        return { [Symbol.asyncDispose]: async () => forget() }
      },
      async lockDirectory() {
        if (holder?.isOver === false) return undefined
        holder = life
        return {
          [Symbol.asyncDispose]: async () => {
            holder = undefined
          },
        }
      },
    }),
  }
}
