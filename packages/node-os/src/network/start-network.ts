import { nodePaths } from '@skerry/api/os/os-layout'
import type { NetworkInterface, SkerryBlock } from '../cloud-config/skerry-keys.ts'
import {
  type StageHost,
  busyboxPath,
  readText,
  rootOwned,
  type Tell,
} from '../stages/stage-host.ts'
import { interfacesMax, networkToolMs } from './limits.ts'
import { hasOwnInterfaces, networkOwner } from './network-owner.ts'
import { udhcpcScript } from './udhcpc-script.ts'

const folder = `${nodePaths.run}/network`
const script = `${folder}/udhcpc.sh`

/** On roots that leave interfaces alone: addresses by our own busybox, DHCP by its client in the background. */
export async function startNetwork(
  host: StageHost,
  { network }: SkerryBlock,
  tell: Tell,
): Promise<void> {
  const owner = networkOwner(host)
  if (owner === 'networkd' || owner === 'NetworkManager') return
  const wished = (network?.interfaces ?? []).slice(0, interfacesMax)
  const isTheRoots =
    owner === 'ifupdown' && hasOwnInterfaces(readText(host, '/etc/network/interfaces') ?? '')
  if (wished.length === 0 && isTheRoots) return
  const links = etherLinks(host)
  const plans =
    wished.length > 0
      ? wished
      : links.filter(({ isDevice }) => isDevice).map(({ name }): NetworkInterface => ({ name }))
  await tool(host, tell, 'ip', 'link', 'set', 'lo', 'up')
  host.makeDirectory(folder, rootOwned(0o755))
  host.write(script, udhcpcScript(busyboxPath), rootOwned(0o755))
  for (const plan of plans) {
    const found = links.filter((link) => isMeant(plan, link))
    if (found.length === 0) tell(`network: there is no interface ${plan.mac ?? plan.name ?? ''}`)
    for (const { name } of found) await configure(host, tell, name, plan)
  }
}

type EtherLink = {
  readonly name: string
  readonly mac: string
  /** A card, and not a bond, a bridge or the end of a tunnel, which somebody made on purpose. */
  readonly isDevice: boolean
}

/** Type 1 is Ethernet. */
function etherLinks(host: StageHost): readonly EtherLink[] {
  const line = (path: string) => (readText(host, path) ?? '').trim()
  return host
    .list('/sys/class/net')
    .filter((name) => line(`/sys/class/net/${name}/type`) === '1')
    .slice(0, interfacesMax)
    .map((name) => ({
      name,
      mac: line(`/sys/class/net/${name}/address`),
      isDevice: host.look(`/sys/class/net/${name}/device`) !== undefined,
    }))
}

function isMeant(plan: NetworkInterface, link: EtherLink): boolean {
  if (plan.mac !== undefined) return plan.mac.toLowerCase() === link.mac.toLowerCase()
  const pattern = (plan.name ?? '*').replace(/[.*?]/g, (sign) =>
    sign === '.' ? '\\.' : sign === '*' ? '.*' : '.',
  )
  return new RegExp(`^${pattern}$`).test(link.name)
}

async function configure(
  host: StageHost,
  tell: Tell,
  name: string,
  plan: NetworkInterface,
): Promise<void> {
  const ip = (...words: readonly string[]) => tool(host, tell, 'ip', ...words)
  if (plan.mtu !== undefined) await ip('link', 'set', name, 'mtu', String(plan.mtu))
  if (!(await ip('link', 'set', name, 'up'))) return
  for (const address of plan.addresses ?? []) await ip('addr', 'replace', address, 'dev', name)
  if (plan.gateway !== undefined)
    await ip(
      ...(plan.gateway.includes(':') ? ['-6'] : []),
      'route',
      'replace',
      'default',
      'via',
      plan.gateway,
      'dev',
      name,
    )
  if (plan.dns !== undefined && plan.dns.length > 0)
    host.write(
      '/etc/resolv.conf',
      plan.dns.map((server) => `nameserver ${server}\n`).join(''),
      rootOwned(0o644),
    )
  const usesDhcp = plan.dhcp ?? plan.addresses === undefined
  if (usesDhcp && !isRunning(host, name)) await lease(host, tell, name)
}

/** A stage that is run again must not start a second client. */
function isRunning(host: StageHost, name: string): boolean {
  const pid = (readText(host, `${folder}/${name}.pid`) ?? '').trim()
  return /^\d+$/.test(pid) && (readText(host, `/proc/${pid}/cmdline`) ?? '').includes('udhcpc')
}

/** Goes to the background with a lease, or without one after some tries: then it goes on asking there. */
async function lease(host: StageHost, tell: Tell, name: string): Promise<void> {
  const hostname = (readText(host, '/proc/sys/kernel/hostname') ?? '').trim()
  const words = [
    '-i',
    name,
    '-s',
    script,
    '-p',
    `${folder}/${name}.pid`,
    '-b',
    '-t',
    '4',
    '-T',
    '2',
  ]
  const named = hostname === '' || hostname === '(none)' ? [] : ['-x', `hostname:${hostname}`]
  await tool(host, tell, 'udhcpc', ...words, ...named)
}

async function tool(host: StageHost, tell: Tell, ...words: readonly string[]): Promise<boolean> {
  const result = await host.run({ command: [busyboxPath, ...words], deadlineMs: networkToolMs })
  if (!result.ok)
    tell(
      `network: ${words.slice(0, 6).join(' ')} ${result.message}: ${result.output.trim().split('\n').at(-1) ?? ''}`,
    )
  return result.ok
}
