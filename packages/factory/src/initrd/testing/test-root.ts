import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { buildVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { verityLayout, writeVerityTree } from '@skerry/artifact/verity-tree'
import { treeProgram } from '../../tools/tree-program.ts'

type Root = { readonly path: string }

/** What a slot holds, and what the command line must say of it. */
export type TestSlot = {
  readonly content: Buffer
  readonly commandLine: string
  readonly imageId: string
  readonly rootBytes: number
}

/** What a file in /var and one in a kept directory hold. */
export const seedText = 'of the image\n'

/** A root of one static busybox that says on the console what it finds, in lines that begin with "@@". */
export function writeBusyboxRoot(directory: string, packages: Root): void {
  for (const path of 'dev proc sys run etc/ssh var/lib/thing tmp data efi root home opt/kept'.split(
    ' ',
  )) {
    mkdirSync(join(directory, path), { recursive: true })
  }
  chmodSync(join(directory, 'root'), 0o700)
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text, { mode })
  }
  mkdirSync(join(directory, 'usr/bin'), { recursive: true })
  copyFileSync(join(packages.path, 'usr/bin/busybox'), join(directory, 'usr/bin/busybox'))
  chmodSync(join(directory, 'usr/bin/busybox'), 0o755)
  symlinkSync('usr/bin', join(directory, 'bin'))
  symlinkSync('usr/bin', join(directory, 'sbin'))
  for (const name of 'init sh cat echo grep ls mount sync sleep cut reboot sed tail touch tr'.split(
    ' ',
  )) {
    // Absolute on purpose: it must mean a path of the root, not one of the initrd.
    symlinkSync('/usr/bin/busybox', join(directory, 'usr/bin', name))
  }
  put('etc/inittab', '::sysinit:/etc/report\n')
  put('etc/report', report, 0o755)
  put('var/lib/thing/seed', seedText)
  put('opt/kept/seed', seedText)
  put('usr/lib/skerry/node', earlyStage, 0o755)
  put('usr/lib/skerry/node-os.mjs', '')
  put('usr/lib/skerry/persistent-paths', '# declared\n/opt/kept\n/opt\n/opt/lost\n../etc\n/bin\n')
}

/** In the place of cloud-config: says that it ran, and hangs where the command line asks for it. */
const earlyStage = `#!/bin/sh
echo "skerry: early said: $(echo "$1" | cut -d/ -f5) $2"
grep -q test.hang /proc/cmdline || exit 0
(sleep 20; echo "@@ still there") &
sleep 1000
`

const report = `#!/bin/sh
exec >/dev/console 2>&1
of() { grep " $1 " /proc/mounts | tail -n 1 | cut -d' ' -f3; }
echo "@@ up=$(cut -d' ' -f1 /proc/uptime) slot=$(cat /run/skerry/slot) disk=$(cat /run/skerry/disk)"
echo "@@ root=$(of /) etc=$(of /etc) var=$(of /var) data=$(of /data) tmp=$(of /tmp) kept=$(of /opt/kept)"
echo "@@ data: $(cat /run/skerry/data)"
echo "@@ machine=$(cat /etc/machine-id) seeds=$(cat /var/lib/thing/seed /opt/kept/seed | tr '\\n' ' ')"
echo "@@ data holds:$(ls -A /data | tr '\\n' ' ' | sed 's/^/ /;s/ $//')"
echo "@@ boots:$(cat /var/boots 2>/dev/null | tr '\\n' ' ' | sed 's/^/ /;s/ $//') etc:$(ls /etc/touched 2>/dev/null)"
grep -h 'not found' /run/skerry/programs
echo "$(cut -d' ' -f1 /proc/uptime)" >>/var/boots
touch /etc/touched
echo hello >/usr/hello && echo "@@ the root could be written"
sync
echo "@@END"
sleep 1000
`

/** A directory as a verified slot; `imageId` is what it will be known by. */
export async function makeTestSlot(
  directory: string,
  imageId: string,
  trees: { readonly tools: Root; readonly scratch: string },
): Promise<TestSlot> {
  const file = join(trees.scratch, `${imageId}.erofs`)
  const words = ['--quiet', '-T0', '-Uclear', '-Enoinline_data', '--all-root', file, directory]
  run(trees.tools, '/usr/bin/mkfs.erofs', words)
  const data = readFileSync(file)
  const { totalBytes } = verityLayout(data.length)
  const content = Buffer.concat([data, Buffer.alloc(totalBytes - data.length)])
  const rootHash = await writeVerityTree(
    {
      read: async (offset, size) => content.subarray(offset, offset + size),
      write: async (offset, bytes) => content.set(bytes, offset),
    },
    data.length,
  )
  content.set(buildVeritySuperblock(imageId, data.length), data.length)
  return {
    content,
    imageId,
    rootBytes: data.length,
    commandLine: `skerry.root=${rootHash} skerry.size=${data.length} skerry.image=${imageId}`,
  }
}

function run(tree: Root, program: string, words: readonly string[]): void {
  const [command = '', ...rest] = [...treeProgram(tree, program), ...words]
  execFileSync(command, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin' },
  })
}
