import type { StageHost } from '../stages/stage-host.ts'

/** Who configures interfaces on this root. */
export type NetworkOwner = 'networkd' | 'NetworkManager' | 'ifupdown' | 'nobody'

const wanted = '/etc/systemd/system/multi-user.target.wants'

export function networkOwner(host: StageHost): NetworkOwner {
  const has = (path: string) => host.look(path) !== undefined
  const hasNetworkd = ['/usr/lib/systemd/systemd-networkd', '/lib/systemd/systemd-networkd'].some(
    has,
  )
  if (has(`${wanted}/NetworkManager.service`)) return 'NetworkManager'
  if (hasNetworkd) return 'networkd'
  return ['/sbin/ifup', '/usr/sbin/ifup'].some(has) && has('/etc/network/interfaces')
    ? 'ifupdown'
    : 'nobody'
}

/** Whether the root itself names interfaces besides the loopback. */
export function hasOwnInterfaces(text: string): boolean {
  return /^\s*(auto|allow-hotplug|iface)\s+(?!lo\b)\S/m.test(text) || /^\s*source/m.test(text)
}
