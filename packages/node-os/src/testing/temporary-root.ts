import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createRealStageHost } from '../stages/real-stage-host.ts'
import type { StageHost } from '../stages/stage-host.ts'

/** A small root in a temporary folder, and the real host on it. For tests. */
export type TemporaryRoot = Disposable & {
  readonly path: string
  readonly host: StageHost
  /** What was said on the console. */
  readonly said: readonly string[]
  put(path: string, text: string | Uint8Array, mode?: number): void
  get(path: string): string
  mode(path: string): string
  /** `mode uid:gid` */
  owner(path: string): string
}

const root: Readonly<Record<string, string>> = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/usr/sbin/nologin\n',
  '/etc/shadow': 'root:*:19700:0:99999:7:::\n',
  '/etc/group': 'root:x:0:\nusers:x:100:\nadmin:x:900:\n',
  '/etc/gshadow': 'root:*::\nadmin:!::\n',
  '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  '/etc/machine-id': 'abcdef0123456789abcdef0123456789\n',
  '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n',
  '/proc/sys/kernel/hostname': '(none)\n',
  '/proc/sys/kernel/printk': '7\n',
  // Its own interfaces are configured by itself.
  '/sbin/ifup': '',
  '/etc/network/interfaces': 'auto eth0\niface eth0 inet dhcp\n',
  '/proc/self/mounts': 'none / erofs ro 0 0\n',
}

export function createTemporaryRoot(
  phase: StageHost['phase'] = 'early',
  change: (host: StageHost) => StageHost = (host) => host,
): TemporaryRoot {
  const path = mkdtempSync(join(tmpdir(), 'skerry-root-'))
  const said: string[] = []
  const host = createRealStageHost({
    phase,
    say: (line) => said.push(line),
    root: path,
    environment: { ROOT: path },
  })
  const put = (file: string, text: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), text, { mode })
  }
  for (const [file, text] of Object.entries(root)) put(file, text)
  return {
    path,
    host: change(host),
    said,
    put,
    get: (file) => readFileSync(join(path, file), 'utf8'),
    mode: (file) => (statSync(join(path, file)).mode & 0o7777).toString(8).padStart(4, '0'),
    owner: (file) => {
      const { mode, uid, gid } = statSync(join(path, file))
      return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Changing owners takes root; the reason for which a test is left out elsewhere. */
export const needsRoot = process.getuid?.() === 0 ? false : 'only root may give files to others'
