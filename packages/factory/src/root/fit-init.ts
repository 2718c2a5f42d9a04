import type { Init } from './detect-init.ts'
import { putLink, putText, readText } from './edit-text.ts'
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
  'systemd-growfs-root.service',
  'systemd-hwdb-update.service',
  'systemd-journal-catalog-update.service',
  'systemd-machine-id-commit.service',
  'systemd-networkd-wait-online.service',
  'systemd-remount-fs.service',
  'systemd-update-done.service',
  'unattended-upgrades.service',
] as const

/** Scripts of init.d that check or remount what the initrd has checked and mounted. */
const needlessScripts = [
  'checkfs.sh',
  'checkroot-bootclean.sh',
  'checkroot.sh',
  'fsck',
  'mtab.sh',
  'root',
  'swap',
] as const

const watchdogConfiguration = `# The agent owns the watchdog; on the way down systemd bounds the restart.
[Manager]
RuntimeWatchdogSec=off
RebootWatchdogSec=2min
`

const networkConfiguration = `# Wired networks without a configuration of their own ask for an address.
[Match]
Type=ether
Kind=!*

[Network]
DHCP=yes

[DHCPv4]
ClientIdentifier=mac
`

/** Services of systemd that a node has, where the root has them: unit, and what wants it. */
const enabledUnits: readonly (readonly [unit: string, target: string])[] = [
  ['systemd-networkd.service', 'multi-user.target'],
  ['systemd-networkd.socket', 'sockets.target'],
  ['systemd-resolved.service', 'sysinit.target'],
  ['systemd-timesyncd.service', 'sysinit.target'],
]

const units = 'usr/lib/systemd/system'

/** Fits what is started in a root to a root that nobody can write, where the agent is in charge. */
export async function fitInit(
  tree: RootTree,
  init: Init,
  options: { readonly hasConsoleLogin: boolean },
): Promise<void> {
  if (init.inittab === undefined) fitSystemd(tree, options.hasConsoleLogin)
  else if (!options.hasConsoleLogin) await dropLogins(tree)
  if (init.name === 'openrc' || init.name === 'sysvinit') dropScripts(tree)
}

function fitSystemd(tree: RootTree, hasConsoleLogin: boolean): void {
  const mask = (unit: string) => putLink(tree, `etc/systemd/system/${unit}`, '/dev/null')
  for (const unit of maskedUnits) mask(unit)
  if (!hasConsoleLogin) for (const unit of ['serial-getty@.service', 'getty@.service']) mask(unit)
  putText(tree, 'usr/lib/systemd/system.conf.d/50-skerry.conf', watchdogConfiguration)
  const hasNetworkd = tree.file(tree.resolve('usr/lib/systemd/systemd-networkd')) !== undefined
  const hasOther = tree.get(tree.resolve(`${units}/NetworkManager.service`)) !== undefined
  if (!hasNetworkd || hasOther) return
  putText(tree, 'usr/lib/systemd/network/89-skerry-wired.network', networkConfiguration)
  for (const [unit, target] of enabledUnits)
    if (tree.get(tree.resolve(`${units}/${unit}`)) !== undefined)
      putLink(tree, `${units}/${target}.wants/${unit}`, `../${unit}`)
}

/** Leaves the consoles to what is written to them. */
async function dropLogins(tree: RootTree): Promise<void> {
  const before = await readText(tree, 'etc/inittab')
  if (before === undefined) return
  // id:levels:action:program with sysvinit, tty::action:program with busybox.
  const isLogin = (line: string) =>
    /^[^#:]*:[^:]*:(respawn|askfirst)(:|$)/.test(line) &&
    /getty|login|\/bin\/(ba)?sh\s*$/.test(line)
  const lines = before.split('\n').map((line) => (isLogin(line) ? `#${line}` : line))
  putText(tree, 'etc/inittab', lines.join('\n'))
}

/** Takes scripts out of every runlevel; they stay in init.d for whoever calls them. */
function dropScripts(tree: RootTree): void {
  for (const directory of tree.names('etc').filter((name) => /^rc[0-9S]\.d$/.test(name)))
    for (const name of tree.names(`etc/${directory}`))
      if (needlessScripts.some((script) => name.replace(/^[SK]\d\d/, '') === script))
        tree.remove(`etc/${directory}/${name}`)
  for (const level of tree.names('etc/runlevels'))
    for (const name of tree.names(`etc/runlevels/${level}`))
      if (needlessScripts.some((script) => name === script))
        tree.remove(`etc/runlevels/${level}/${name}`)
}
