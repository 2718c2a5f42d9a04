import type { Init } from './detect-init.ts'
import { putText, readText } from './edit-text.ts'
import { fitSystemd } from './fit-systemd.ts'
import type { RootTree } from './root-tree.ts'

/** Scripts of init.d that check or remount what the initrd has checked and mounted. */
const needlessScripts = [
  'checkfs.sh',
  'checkroot-bootclean.sh',
  'checkroot.sh',
  'fsck',
  'mountall-bootclean.sh',
  'mountnfs-bootclean.sh',
  'mtab.sh',
  'root',
  'swap',
] as const

/** Fits what is started in a root to a root that nobody can write, where the agent is in charge. */
export async function fitInit(
  tree: RootTree,
  init: Init,
  { hasConsoleLogin }: { readonly hasConsoleLogin: boolean },
): Promise<void> {
  if (init.inittab === undefined) {
    fitSystemd(tree, hasConsoleLogin)
    return
  }
  dropScripts(tree)
  await emptyScripts(tree)
  const before = await readText(tree, 'etc/inittab')
  if (before === undefined) return
  const isUnwanted = (line: string) =>
    isShellWithoutPassword(line) || (!hasConsoleLogin && isLogin(line))
  const lines = before.split('\n').map((line) => (isUnwanted(line) ? `#${line}` : line))
  const first = hostKeysLine(tree, init, before)
  if (init.inittab === 'sysvinit') {
    // It says at each start that there is none.
    tree.makeDirectory('etc/inittab.d')
    if (hasConsoleLogin) first.push(...serialLoginLine(tree, before))
  }
  putText(tree, 'etc/inittab', [...first, ...lines].join('\n'))
}

/** `sulogin --force` asks for the password of a root that has none by starting a shell. */
const isShellWithoutPassword = (line: string) => /^[^#].*\bsulogin\b/.test(line)

/**
 * A login where the kernel speaks, as systemd has one by itself: many machines have only that. On others the line
 * waits, as init would start again and again what ends.
 */
function serialLoginLine(tree: RootTree, before: string): string[] {
  const getty = ['sbin/agetty', 'sbin/getty'].find(
    (path) => tree.file(tree.resolve(path)) !== undefined,
  )
  if (getty === undefined || /^[^#].*\bttyS0\b/m.test(before)) return []
  const isConsole = 'grep -q ttyS0 /sys/class/tty/console/active'
  const login = `exec /${getty} -L 115200 ttyS0 vt100`
  return [`skcl:2345:respawn:/bin/sh -c '${isConsole} && ${login}; exec sleep 86400'`]
}

/** id:levels:action:program with sysvinit, tty::action:program with busybox. */
const isLogin = (line: string) =>
  /^[^#:]*:[^:]*:(respawn|askfirst)(:|$)/.test(line) && /getty|login|\/bin\/(ba)?sh\s*$/.test(line)

/** Keys of SSH are made once by each machine, before anything that needs them is started. */
function hostKeysLine(tree: RootTree, { inittab }: Init, before: string): string[] {
  const has = (path: string) => tree.file(tree.resolve(path)) !== undefined
  const isNeeded = has('usr/bin/ssh-keygen') && has('usr/sbin/sshd') && inittab === 'sysvinit'
  const line = 'skhk::sysinit:/usr/bin/ssh-keygen -A </dev/null >/dev/null 2>&1'
  return isNeeded && !before.includes(line) ? [line] : []
}

/**
 * Others need them by name, and OpenRC starts what is needed: so what says what they provide stays, and what
 * they do goes.
 */
async function emptyScripts(tree: RootTree): Promise<void> {
  for (const name of needlessScripts) {
    const path = `etc/init.d/${name}`
    const header = /^### BEGIN INIT INFO$.*?^### END INIT INFO$/ms.exec(
      (await readText(tree, path)) ?? '',
    )
    if (header !== null)
      putText(tree, path, `#!/bin/sh\n${header[0]}\n# The initrd has done it.\nexit 0\n`)
  }
}

/** Takes scripts out of every runlevel. */
function dropScripts(tree: RootTree): void {
  const isNeedless = (name: string) => needlessScripts.some((script) => name === script)
  for (const directory of tree.names('etc').filter((name) => /^rc[0-9S]\.d$/.test(name)))
    for (const name of tree.names(`etc/${directory}`))
      if (isNeedless(name.replace(/^[SK]\d\d/, ''))) tree.remove(`etc/${directory}/${name}`)
  for (const level of tree.names('etc/runlevels'))
    for (const name of tree.names(`etc/runlevels/${level}`))
      if (isNeedless(name)) tree.remove(`etc/runlevels/${level}/${name}`)
}
