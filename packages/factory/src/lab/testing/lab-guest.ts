import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from '../../debian/tree.ts'
import { type CpioEntry, cpioArchive } from '../../initrd/cpio-archive.ts'
import { openKernelModules } from '../../initrd/kernel-modules.ts'
import { moduleUnpacker } from '../../initrd/unpack-module.ts'

export type LabGuest = {
  readonly trees: { readonly initrd: Pick<Tree, 'path'>; readonly kernel: Pick<Tree, 'path'> }
  readonly modules: readonly string[]
  /** What busybox' shell does once all is there; its marked lines begin with `@@`. */
  readonly script: string
}

const preamble = `#!/busybox sh
/busybox mkdir -p /bin /proc /sys /dev /mnt
/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in $(cat /modules.list); do insmod "/modules/$module.ko" || echo "@@no module $module"; done
part() { u=$(grep -lx "PARTNAME=$1" /sys/class/block/*/uevent); u=\${u%/uevent}; echo "/dev/\${u##*/}"; }
`
const ending = `
echo @@END
poweroff -f
`

/** An initrd in which a script is all there is: static busybox, a few kernel modules, and then power off. */
export async function buildLabGuest({ trees, modules, script }: LabGuest): Promise<Buffer> {
  const busybox = join(trees.initrd.path, 'usr/bin/busybox')
  const [version = ''] = readdirSync(join(trees.kernel.path, 'usr/lib/modules'))
  const kernel = openKernelModules(trees.kernel.path, version, moduleUnpacker(busybox))
  const loaded = await kernel.load(modules)
  const file = (data: Uint8Array, mode: 0o644 | 0o755 = 0o644): CpioEntry => ({
    type: 'file',
    data,
    mode,
  })
  const names = loaded.map(({ name }) => name).join('\n')
  return Buffer.from(
    cpioArchive(
      new Map<string, CpioEntry>([
        ['busybox', file(readFileSync(busybox), 0o755)],
        ['init', file(Buffer.from(`${preamble}${script}${ending}`), 0o755)],
        ['modules.list', file(Buffer.from(`${names}\n`))],
        ...loaded.map(({ name, data }) => [`modules/${name}.ko`, file(data)] as const),
      ]),
    ),
  )
}

/** Modules for disks, FAT and network. */
export const guestModules = [
  'virtio_pci',
  'virtio_blk',
  'virtio_net',
  'vfat',
  'nls_cp437',
  'nls_ascii',
]
