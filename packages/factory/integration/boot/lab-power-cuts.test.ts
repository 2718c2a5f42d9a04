import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildDisk } from '@skerry/factory/disk/build-disk'
import { entryNameOf } from '@skerry/factory/disk/disk-plan'
import { checkExt4 } from '@skerry/factory/lab/check-ext4'
import { type PowerCutReport, checkPowerCuts } from '@skerry/factory/lab/check-power-cuts'
import { openDiskFile } from '@skerry/factory/lab/disk-view'
import { bootsKnownImage, everyEntryBoots } from '@skerry/factory/lab/inspected-disk'
import { readKnownImage } from '@skerry/factory/lab/known-image'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { buildLabGuest, guestModules } from '@skerry/factory/lab/testing/lab-guest'
import { kernelOf, treesForTest } from '@skerry/factory/lab/testing/lab-trees'
import { testKernel, testSlot } from '@skerry/factory/lab/testing/test-kernel'
import { readWriteLog } from '@skerry/factory/lab/write-log'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const mib = 1 << 20
const rootBytes = 1024 * 4096
const kernelBytes = 3 * mib
const [oldId, newId] = ['a'.repeat(32), 'b'.repeat(32)]
const [oldEntry, newEntry] = [entryNameOf(oldId), entryNameOf(newId, 3)]

const mounts = `
E=/mnt/EFI/Linux S=$(part slot-b); mkdir -p /data
mount -t vfat "$(part esp)" /mnt && mount -t ext4 "$(part data)" /data || echo @@FAILED mount
head -c KERNEL /dev/vdc >/kernel
`
// Written as a machine writes it: intent on data, slot, kernel under a name that is not seen, the switch.
const careful = `
echo intent >/data/.intent && sync /data/.intent && mv /data/.intent /data/intent && sync -f /data || echo @@FAILED 0
dd if=/dev/vdb of=$S bs=64k conv=notrunc,fsync || echo @@FAILED 3
cp /kernel $E/.new && sync $E/.new || echo @@FAILED 5
mv $E/.new $E/NEW && sync $E/NEW && sync -f /mnt || echo @@FAILED 6
umount /mnt; umount /data
`
const careless = `
cp /kernel $E/NEW; dd if=/dev/vdb of=$S bs=64k conv=notrunc; sync
umount /mnt; umount /data
`

async function update(directory: string, steps: string) {
  assert.ok(typeof trees !== 'string')
  const path = (name: string) => join(directory, name)
  const kernelAndSlot = async (imageId: string, version: string) => {
    const files = { kernel: path(`${version}.efi`), slotFile: path(`${version}.slot`) }
    await writeFile(
      files.kernel,
      testKernel({ imageId, version, rootBytes, linuxBytes: kernelBytes }),
    )
    await writeFile(files.slotFile, testSlot(imageId, rootBytes))
    return { ...files, known: await readKnownImage(files.kernel, files.slotFile) }
  }
  const [before, after] = [await kernelAndSlot(oldId, '1.0'), await kernelAndSlot(newId, '2.0')]
  await writeFile(path('loader'), Buffer.alloc(100_000, 7))
  await buildDisk({
    tools: trees.tools,
    loader: path('loader'),
    images: [{ slot: 'slot-a', file: before.slotFile, kernel: before.kernel, entryName: oldEntry }],
    imageId: oldId,
    espBytes: 64 * mib,
    slotBytes: 8 * mib,
    dataBytes: 64 * mib,
    out: path('disk'),
  })
  const script = `${mounts}${steps}`
    .replaceAll('KERNEL', `${after.known.kernelBytes}`)
    .replaceAll('NEW', newEntry)
  const guest = { trees, modules: [...guestModules, 'ext4'], script }
  await writeFile(path('initrd'), await buildLabGuest(guest))
  await writeFile(path('log'), '')
  await truncate(path('log'), 256 * mib)
  const padded = Math.ceil(after.known.kernelBytes / 512) * 512
  await truncate(after.kernel, padded)
  {
    await using machine = await startMachine({
      trees,
      memoryMiB: 256,
      endsOnReboot: true,
      disks: [
        { file: path('disk'), isTemporary: true, writeLog: path('log') },
        { file: after.slotFile, isReadOnly: true },
        { file: after.kernel, isReadOnly: true },
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
  return { images: [before.known, after.known], base: path('disk'), log: path('log') }
}

async function inspected(
  directory: string,
  steps: string,
  rule = bootsKnownImage,
): Promise<PowerCutReport> {
  const { images, base, log } = await update(directory, steps)
  assert.ok(typeof trees !== 'string')
  const { tools } = trees
  using disk = openDiskFile(base)
  using writes = readWriteLog(log)
  const sample = {
    states: 6,
    look: (view: Parameters<typeof checkExt4>[1]) => checkExt4(tools, view),
  }
  return await checkPowerCuts({ base: disk, log: writes, images, rule, sample })
}

async function withDirectory<T>(act: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'lab-cuts-'))
  try {
    return await act(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

test(
  'Linux writes the six steps so that the machine boots wherever the power goes',
  { skip },
  async (t) => {
    const report = await withDirectory((directory) =>
      inspected(directory, careful, everyEntryBoots),
    )
    const { entries, flushes, writtenBytes, states, lostWriteStates, sampledStates } = report
    t.diagnostic(
      JSON.stringify({ entries, flushes, writtenBytes, states, lostWriteStates, sampledStates }),
    )
    assert.deepEqual(report.violations, [])
    assert.ok(writtenBytes > rootBytes + kernelBytes)
    assert.ok(lostWriteStates > states && sampledStates >= 6)
    assert.match(
      report.timeline.at(-1)!.text,
      new RegExp(`entries \\[${newEntry.replace('+', '\\+')} on slot-b`),
    )
  },
)

test('the control: a careless copy leaves states that do not boot', { skip }, async () => {
  const report = await withDirectory((directory) => inspected(directory, careless))
  assert.ok(report.violationCount > 0)
  assert.match(report.violations[0]!.message, /is started and (is no kernel|its image|no slot)/)
})
