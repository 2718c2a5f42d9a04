import { isAbsolute, normalize } from 'node:path'
import { assert } from '@skerry/base/assert'
import { bindsMax, secretBytesMax, secretsMax } from './limits.ts'
import type { ToolBind, ToolCommand } from './tool-command.ts'

/**
 * Runs within a new mount namespace. The root that the program sees is made in memory, over the
 * tree's own /tmp, and the tree is only shown in it, read-only: so a tree is never written, and two
 * programs in one tree do not meet. (In a user namespace a remount may be refused because of flags
 * that the mount below has; then it stays writable, which is as it would be without us.)
 */
const script = `set -eu
tree=$1
root=$1/tmp
shift
mount -t tmpfs -o mode=755 skerry "$root"
cd "$root"
mkdir -m 755 usr etc proc sys dev run mnt root var var/lib var/cache var/log
mkdir -m 1777 tmp var/tmp
for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
for name in usr etc; do
  if [ -d "$tree/$name" ]; then
    mount --bind "$tree/$name" "$name"
    mount -o remount,bind,ro "$name" 2>/dev/null || :
  fi
done
for name in proc sys dev; do mount --rbind "/$name" "$name"; done
while [ "$1" != -- ]; do
  case $1 in
  bind)
    if [ -d "$2" ]; then mkdir -p "$root$3"; else mkdir -p "$root\${3%/*}"; : >>"$root$3"; fi
    mount --rbind "$2" "$root$3"
    if [ "$4" = ro ]; then mount -o remount,bind,ro "$root$3" 2>/dev/null || :; fi
    shift 4 ;;
  secret)
    mkdir -p -m 700 run/secrets
    (umask 077; head -c "$3" <&3 >"run/secrets/$2")
    shift 3 ;;
  esac
done
shift
exec 3<&-
exec chroot "$root" /usr/bin/env -i "$@"`

/** What a tree fills itself, so that nothing of the machine can be shown there. */
const ownedByTree = ['/usr', '/etc', '/proc', '/sys', '/dev', '/bin', '/sbin', '/lib', '/lib64']

const baseEnvironment = {
  PATH: '/usr/sbin:/usr/bin',
  HOME: '/tmp',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
}

/**
 * The words that run a command in a tree. With no right to mount, the caller becomes root of a user
 * namespace.
 */
export function enterTree(path: string, tool: ToolCommand, isRoot: boolean): readonly string[] {
  const binds = tool.binds ?? []
  const secrets = Object.entries(tool.secrets ?? {})
  assert(binds.length <= bindsMax, `at most ${bindsMax} binds`)
  assert(secrets.length <= secretsMax, `at most ${secretsMax} secrets`)
  const environment = { ...baseEnvironment, ...tool.environment }
  return [
    'unshare',
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    '--mount',
    '--propagation',
    'private',
    '--',
    'sh',
    '-c',
    script,
    'enter-tree',
    path,
    ...binds.flatMap(bindWords),
    ...secrets.flatMap(([name, bytes]) => secretWords(name, bytes)),
    '--',
    '-C',
    tool.directory ?? '/tmp',
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...tool.command,
  ]
}

function bindWords(bind: ToolBind): string[] {
  const at = bind.at ?? bind.path
  for (const path of [bind.path, at]) {
    const isPlain = isAbsolute(path) && normalize(path) === path && !path.endsWith('/')
    assert(isPlain, `a bind needs a plain absolute path, not ${JSON.stringify(path)}`)
  }
  const owner = ownedByTree.find((owned) => at === owned || at.startsWith(`${owned}/`))
  assert(owner === undefined, `${at} cannot be shown in a tree, which has its own ${owner}`)
  return ['bind', bind.path, at, bind.isWritable === true ? 'rw' : 'ro']
}

function secretWords(name: string, bytes: Uint8Array): string[] {
  assert(/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name), `${JSON.stringify(name)} names no secret`)
  assert(bytes.length <= secretBytesMax, `secret ${name} is over ${secretBytesMax} bytes`)
  return ['secret', name, String(bytes.length)]
}
