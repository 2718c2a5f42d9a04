import { byBytes, type RootAttributes, type RootTree } from './root-tree.ts'

/** Gone with all that is below: made anew by whoever needs it, or true of one machine only. */
const dropped = [
  /^boot\/./,
  /^\.dockerenv$/,
  /^(vmlinuz|initrd\.img)(\.old)?$/,
  /(^|\/)__pycache__$/,
  /\.pyc$/,
  /^etc\/(mtab|resolv\.conf|hostname)\.dpkg-/,
  /^etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/,
  // The same host keys on every machine would let each of them be any other.
  /^etc\/ssh\/ssh_host_.*_key(\.pub)?$/,
  /^root\/\.(bash_history|wget-hsts|lesshst)$/,
  /^var\/lib\/(dpkg|debconf)\/.*-old$/,
  /^var\/cache\/debconf\/.*-old$/,
  /^var\/lib\/systemd\/(random-seed|timers|timesync)$/,
  /^var\/lib\/dbus\/machine-id$/,
  /^var\/lib\/(dhcp|dhcpcd|NetworkManager|private|urandom)\/./,
] as const

/** Kept themselves, but empty. */
const emptied = [
  'dev',
  'proc',
  'sys',
  'run',
  'tmp',
  'efi',
  'data',
  'var/tmp',
  'var/cache/apt',
  'var/cache/ldconfig',
  'var/cache/man',
  'var/cache/apk',
  'var/cache/dnf',
  'var/cache/yum',
  'var/lib/apt/lists',
] as const

/** What the initrd and the rest of us expect in every root. */
const directories: Readonly<Record<string, number>> = {
  data: 0o755,
  dev: 0o755,
  efi: 0o700,
  etc: 0o755,
  home: 0o755,
  proc: 0o755,
  root: 0o700,
  run: 0o755,
  sys: 0o755,
  tmp: 0o1777,
  var: 0o755,
  'var/log': 0o755,
  'var/tmp': 0o1777,
}

/** Attributes that mean something on another machine; `trusted.` belongs to overlays of the old one. */
const keptXattrs = /^(security\.capability|security\.selinux|system\.posix_acl_|user\.)/

const owned: RootAttributes = { mode: 0o644, uid: 0, gid: 0 }

/**
 * Makes a root the same whoever built it and wherever it will run: without caches, logs and what is true of one
 * machine, and with what every image has. Equal bases become equal roots, and later images differ little.
 */
export function normaliseRoot(tree: RootTree): void {
  // A link where a file system will be mounted would lead the mount elsewhere.
  for (const [path, mode] of Object.entries(directories)) {
    if (tree.get(path)?.type !== 'directory') tree.remove(path)
    if (tree.get(path) === undefined) tree.put(path, { ...owned, type: 'directory', mode })
  }
  for (const path of tree.below(''))
    if (tree.get(path) !== undefined && dropped.some((pattern) => pattern.test(path)))
      tree.remove(path)
  for (const path of emptied) tree.clear(path)
  dropLogs(tree)
  for (const path of ['etc/machine-id', 'etc/fstab'])
    tree.put(path, { ...owned, type: 'file', data: { bytes: new Uint8Array() } })
  for (const [path, entry] of tree.entries()) {
    const xattrs = Object.entries(entry.xattrs ?? {})
      .filter(([name]) => keptXattrs.test(name))
      .toSorted(([left], [right]) => byBytes(left, right))
    if (xattrs.length < Object.keys(entry.xattrs ?? {}).length)
      tree.put(path, {
        ...entry,
        xattrs: xattrs.length === 0 ? undefined : Object.fromEntries(xattrs),
      })
  }
}

/** Directories stay: services write into those that their package made. */
function dropLogs(tree: RootTree): void {
  for (const path of tree.below('var/log'))
    if (tree.get(path)?.type !== 'directory') tree.remove(path)
}
