import type { SkerryBlock } from '../cloud-config/skerry-keys.ts'
import { type StageHost, rootOwned, type Tell } from '../stages/stage-host.ts'
import { timesyncdFile } from '../stages/apply-systemd.ts'
import { interfacesMax } from './limits.ts'
import { defaultNetworkFile, networkFile } from './network-files.ts'
import { networkOwner } from './network-owner.ts'

const networkFolders = [
  '/etc/systemd/network',
  '/run/systemd/network',
  '/usr/lib/systemd/network',
  '/lib/systemd/network',
]
const wants = '/etc/systemd/system/multi-user.target.wants'

/** Before init: files for systemd-networkd and timesyncd where they are; other roots are served later. */
export function writeNetworkFiles(host: StageHost, skerry: SkerryBlock, tell: Tell): void {
  const interfaces = (skerry.network?.interfaces ?? []).slice(0, interfacesMax)
  const owner = networkOwner(host)
  if (owner === 'NetworkManager' && interfaces.length > 0)
    tell(
      'network: this root has NetworkManager, and skerry.network cannot write for it yet: write files below /etc/NetworkManager/system-connections in stage initramfs',
    )
  if (owner === 'networkd') {
    for (const { path, content } of interfaces.map(networkFile))
      host.write(path, content, rootOwned(0o644))
    enable(host, 'systemd-networkd.service')
  }
  if (skerry.ntp !== undefined && skerry.ntp.length > 0 && hasTimesyncd(host)) {
    host.write(timesyncdFile, `[Time]\nNTP=${skerry.ntp.join(' ')}\n`, rootOwned(0o644))
    enable(host, 'systemd-timesyncd.service')
  }
}

export function hasTimesyncd(host: StageHost): boolean {
  return ['/usr/lib/systemd/systemd-timesyncd', '/lib/systemd/systemd-timesyncd'].some(
    (path) => host.look(path) !== undefined,
  )
}

/** Files that distributions ship are for containers and virtual machines; anything else is somebody's wish. */
const shipped = /^(80|89|95-skerry)/

/** After the steps of users, who may have written files of their own. */
export function writeDefaultNetwork(host: StageHost): void {
  if (networkOwner(host) !== 'networkd') return
  const own = networkFolders
    .flatMap((folder) => host.list(folder))
    .filter((name) => name.endsWith('.network') && !shipped.test(name))
  const { path, content } = defaultNetworkFile
  if (own.length === 0) host.write(path, content, rootOwned(0o644))
}

function enable(host: StageHost, unit: string): void {
  if (host.look(`${wants}/${unit}`) !== undefined) return
  const place = ['/usr/lib/systemd/system', '/lib/systemd/system']
    .map((folder) => `${folder}/${unit}`)
    .find((path) => host.look(path) !== undefined)
  if (place !== undefined && host.look(`/etc/systemd/system/${unit}`)?.linkTo !== '/dev/null')
    host.link(place, `${wants}/${unit}`)
}
