import type { NetworkInterface } from '../cloud-config/skerry-keys.ts'

export type NetworkFile = { readonly path: string; readonly content: string }

/** Ours sort after what users write as 01 to 49 and before what distributions ship as 80 and up. */
const prefix = '/etc/systemd/network/50-skerry'

/** An interface as systemd-networkd reads it. */
export function networkFile(each: NetworkInterface, index: number): NetworkFile {
  const usesDhcp = each.dhcp ?? each.addresses === undefined
  const match =
    each.mac === undefined
      ? `Name=${each.name ?? 'en* eth*'}`
      : `MACAddress=${each.mac.toLowerCase()}`
  return {
    path: `${prefix}-${index + 1}.network`,
    content: [
      '[Match]',
      match,
      '',
      '[Network]',
      ...(usesDhcp ? ['DHCP=yes'] : []),
      ...(each.addresses ?? []).map((address) => `Address=${address}`),
      ...(each.gateway === undefined ? [] : [`Gateway=${each.gateway}`]),
      ...(each.dns ?? []).map((server) => `DNS=${server}`),
      ...(each.mtu === undefined ? [] : ['', '[Link]', `MTUBytes=${each.mtu}`]),
      '',
    ].join('\n'),
  }
}

/** Where nobody says anything: DHCP on every wired interface. After whatever the distribution ships. */
export const defaultNetworkFile: NetworkFile = {
  path: '/etc/systemd/network/95-skerry-default.network',
  content: ['[Match]', 'Kind=!*', 'Type=ether', '', '[Network]', 'DHCP=yes', ''].join('\n'),
}
