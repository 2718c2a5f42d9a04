import { putLink, putText } from './edit-text.ts'
import type { RootTree } from './root-tree.ts'

/** Units that write what cannot be written, ask a person, or bless what the agent must judge. */
const maskedUnits = [
  'apt-daily-upgrade.timer',
  'apt-daily.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'ldconfig.service',
  'man-db.timer',
  'systemd-bless-boot.service',
  'systemd-boot-update.service',
  'systemd-firstboot.service',
  'systemd-fsck-root.service',
  'systemd-growfs-root.service',
  'systemd-hwdb-update.service',
  'systemd-journal-catalog-update.service',
  'systemd-machine-id-commit.service',
  'systemd-networkd-persistent-storage.service',
  'systemd-networkd-wait-online.service',
  'systemd-remount-fs.service',
  'systemd-update-done.service',
  'unattended-upgrades.service',
] as const

const maskedGenerators = [
  // The ESP is the agent's, which checks it and mounts it when it needs it; this would do so at each start.
  'systemd-gpt-auto-generator',
  // It looks for a host's socket and complains where there is none.
  'systemd-ssh-generator',
] as const

const watchdogConfiguration = `# The agent owns the watchdog; on the way down systemd bounds the restart.
[Manager]
RuntimeWatchdogSec=off
RebootWatchdogSec=2min
`

/** The agent has this share while everything starts, and nothing can be done before there is a network. */
const startedFirst = '[Service]\nStartupCPUWeight=1000\n'

const networkConfiguration = `# Wired networks without a configuration of their own ask for an address.
[Match]
Type=ether
Kind=!*

[Network]
DHCP=yes

[DHCPv4]
ClientIdentifier=mac
`

/**
 * Who resolves names is what networkd was told, where no systemd-resolved passes it on. Only changes count, and it is
 * there before networkd is: with PathExists the service would be started again whenever it has ended, for ever.
 */
const resolverFiles = {
  'skerry-resolver.path': `[Unit]
Description=Name servers that the network gave
DefaultDependencies=no
Before=systemd-networkd.service

[Path]
PathChanged=/run/systemd/netif/state
`,
  'skerry-resolver.service': `[Unit]
Description=Name servers that the network gave
DefaultDependencies=no
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=no
ExecStart=/bin/sh -c 'grep -qs "^nameserver" /etc/resolv.conf && ! grep -qs "^# skerry" /etc/resolv.conf && exit 0; { echo "# skerry: from the network"; for server in $(sed -n "s/^DNS=//p" /run/systemd/netif/state); do echo "nameserver $server"; done; } >/etc/resolv.conf.new && mv /etc/resolv.conf.new /etc/resolv.conf'
`,
} as const

const hostKeysUnit = `[Unit]
Description=Host keys of SSH, made once by each machine
Before=ssh.service sshd.service ssh.socket sshd.socket
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
# Prime numbers are looked for while nobody else has something to do: the machine is green sooner.
CPUSchedulingPolicy=idle
ExecStart=/usr/bin/ssh-keygen -A
`

/** Services of systemd that a node has, where the root has them: unit, and what wants it. */
const enabledUnits: readonly (readonly [unit: string, target: string])[] = [
  ['systemd-networkd.service', 'multi-user.target'],
  ['systemd-networkd.socket', 'sockets.target'],
  ['systemd-resolved.service', 'sysinit.target'],
  ['systemd-timesyncd.service', 'sysinit.target'],
]

const units = 'usr/lib/systemd/system'

/** Fits systemd to a root that nobody can write, where the agent is in charge. */
export function fitSystemd(tree: RootTree, hasConsoleLogin: boolean): void {
  const mask = (unit: string) => putLink(tree, `etc/systemd/system/${unit}`, '/dev/null')
  for (const unit of maskedUnits) mask(unit)
  for (const generator of maskedGenerators)
    putLink(tree, `etc/systemd/system-generators/${generator}`, '/dev/null')
  if (!hasConsoleLogin) for (const unit of ['serial-getty@.service', 'getty@.service']) mask(unit)
  putText(tree, 'usr/lib/systemd/system.conf.d/50-skerry.conf', watchdogConfiguration)
  if (has(tree, 'usr/bin/ssh-keygen') && has(tree, 'usr/sbin/sshd'))
    addUnit(tree, 'skerry-host-keys.service', hostKeysUnit, 'multi-user.target')
  const hasOther = has(tree, `${units}/NetworkManager.service`)
  if (has(tree, 'usr/lib/systemd/systemd-networkd') && !hasOther) fitNetwork(tree)
}

function fitNetwork(tree: RootTree): void {
  putText(tree, 'usr/lib/systemd/network/89-skerry-wired.network', networkConfiguration)
  for (const unit of ['systemd-udevd.service', 'systemd-networkd.service'])
    putText(tree, `${units}/${unit}.d/50-skerry.conf`, startedFirst)
  for (const [unit, target] of enabledUnits)
    if (has(tree, `${units}/${unit}`)) want(tree, unit, target)
  if (has(tree, `${units}/systemd-resolved.service`)) {
    putLink(tree, 'etc/resolv.conf', '../run/systemd/resolve/stub-resolv.conf')
    return
  }
  const { 'skerry-resolver.path': path, 'skerry-resolver.service': service } = resolverFiles
  putText(tree, `${units}/skerry-resolver.service`, service)
  addUnit(tree, 'skerry-resolver.path', path, 'multi-user.target')
}

function addUnit(tree: RootTree, unit: string, text: string, target: string): void {
  putText(tree, `${units}/${unit}`, text)
  want(tree, unit, target)
}

function want(tree: RootTree, unit: string, target: string): void {
  putLink(tree, `${units}/${target}.wants/${unit}`, `../${unit}`)
}

const has = (tree: RootTree, path: string) => tree.file(tree.resolve(path)) !== undefined
