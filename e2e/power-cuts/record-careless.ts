import { copyFile, mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { bootTries } from '@skerry/api/os/os-layout'
import { entryNameOf } from '@skerry/factory/disk/disk-plan'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { buildLabGuest, guestModules } from '@skerry/factory/lab/testing/lab-guest'
import { kernelOf } from '@skerry/factory/lab/testing/lab-trees'
import type { RecordedRun } from './record-runs.ts'
import { cutLimits } from './limits.ts'

/** The upgrade as somebody would do it who trusts that the power stays: the check must find that. */
const scripts = {
  careless: {
    what: 'control: kernel copied under its final name, then the slot, then one sync',
    script: `
mount -t vfat "$(part esp)" /mnt || echo @@FAILED mount
head -c KERNEL /dev/vdc >/mnt/EFI/Linux/NEW
dd if=/dev/vdb of=$(part slot-b) bs=64k conv=notrunc; sync; umount /mnt
`,
  },
} as const

export type CarelessName = keyof typeof scripts
export const carelessNames = Object.keys(scripts) as CarelessName[]

/** The same upgrade as in this run, from the same disk, by a script on the same kernel. */
export async function recordCareless(
  trees: LabTrees,
  upgrade: RecordedRun,
  name: CarelessName,
  directory: string,
): Promise<RecordedRun> {
  await mkdir(directory, { recursive: true })
  const path = (file: string) => join(directory, file)
  const image = upgrade.images.find(({ version }) => version === '2.0.0')
  if (image === undefined) throw new Error('The upgrade knows no image 2.0.0')
  const { what, script } = scripts[name]
  const words = script
    .replaceAll('KERNEL', `${image.kernelBytes}`)
    .replaceAll('NEW', entryNameOf(image.imageId, bootTries))
  await writeFile(
    path('initrd'),
    await buildLabGuest({ trees, modules: guestModules, script: words }),
  )
  await writeFile(path('writes.log'), '')
  await truncate(path('writes.log'), cutLimits.writeLogBytesMax)
  await copyFile(image.kernelFile, path('kernel'))
  await truncate(path('kernel'), Math.ceil(image.kernelBytes / 512) * 512)
  const startMs = systemClock.monotonicMs()
  {
    await using machine = await startMachine({
      trees,
      memoryMiB: 384,
      endsOnReboot: true,
      disks: [
        { file: upgrade.base, isTemporary: true, writeLog: path('writes.log') },
        { file: image.slotFile, isReadOnly: true },
        { file: path('kernel'), isReadOnly: true },
      ],
      directBoot: {
        kernel: kernelOf(trees.kernel),
        initrd: path('initrd'),
        commandLine: 'console=ttyS0 quiet no_timer_check panic=1 mitigations=off',
      },
    })
    await machine.waitFor(/@@END/, { unless: /@@FAILED|Kernel panic|@@no module/ })
    await machine.waitForEnd()
  }
  const seconds = (systemClock.monotonicMs() - startMs) / 1000
  return { ...upgrade, name, what, log: path('writes.log'), seconds }
}
