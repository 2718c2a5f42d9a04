import { type StageHost, type Tell, readText } from '../stages/stage-host.ts'
import { networkPollMs, networkWaitMs } from './limits.ts'

/** Stage network is for what needs a network: it waits for a way out, and not for ever. */
export async function waitForNetwork(host: StageHost, tell: Tell): Promise<void> {
  const deadlineMs = host.clock.monotonicMs() + networkWaitMs
  while (!hasRoute(host)) {
    if (host.clock.monotonicMs() >= deadlineMs)
      return tell(
        `network: no default route after ${networkWaitMs / 1000} s: the stage runs without a network; look at the cable and at skerry.network`,
      )
    await host.clock.sleep(networkPollMs)
  }
}

/** Whether the kernel has a default route by anything but the loopback. */
export function hasRoute(host: StageHost): boolean {
  const lines = (path: string) =>
    (readText(host, path) ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  return (
    lines('/proc/net/route').some(
      ([name, destination, gateway]) =>
        name !== 'lo' && destination === '00000000' && gateway !== undefined,
    ) ||
    lines('/proc/net/ipv6_route').some(
      ([destination = '', prefix, , , gateway = '', , , , , name]) =>
        /^0{32}$/.test(destination) && prefix === '00' && !/^0{32}$/.test(gateway) && name !== 'lo',
    )
  )
}
