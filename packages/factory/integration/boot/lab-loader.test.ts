import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { buildDisk } from '@skerry/factory/disk/build-disk'
import { editEsp } from '@skerry/factory/disk/edit-esp'
import { createKeys } from '@skerry/factory/keys/create-keys'
import { openSigner, readPublicKeys } from '@skerry/factory/keys/open-keys'
import { DiskInspector } from '@skerry/factory/lab/disk-inspector'
import { openDiskFile } from '@skerry/factory/lab/disk-view'
import { createSecureBootVariables } from '@skerry/factory/lab/firmware-variables'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import { readCounter } from '@skerry/api/os/loader-order'
import type { Machine } from '@skerry/factory/lab/machine'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { buildLabGuest, guestModules } from '@skerry/factory/lab/testing/lab-guest'
import { kernelOf, kernelVersionOf, treesForTest } from '@skerry/factory/lab/testing/lab-trees'
import { signEfi } from '@skerry/factory/pe/sign-efi'
import { buildUki } from '@skerry/factory/uki/build-uki'

const found = await treesForTest()
const skip = typeof found === 'string' ? found : false
const mib = 1 << 20
const passphrase = 'a passphrase of the test'

const script = `
mount -t vfat "$(part esp)" /mnt
mount -t efivarfs efivarfs /sys/firmware/efi/efivars
secure=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
echo "@@secure $(tail -c 1 $secure | od -An -tu1 | tr -d ' ')"
echo "@@started $(tr ' ' '\\n' </proc/cmdline | sed -n s/skerry.image=//p)"
echo "@@entries $(ls /mnt/EFI/Linux | tr '\\n' ' ')"
umount /mnt
`

/** Ids of images and the versions that the loader sorts them by. */
const images = { a: '1.9', b: '1.10', c: '2.0', d: '3.0' } as const
const idOf = (letter: string) => letter.repeat(32)
const nameOf = (letter: string, counter = '') => `skerry-${letter.repeat(12)}${counter}.efi`

async function makeDisk(trees: LabTrees, directory: string) {
  const path = (name: string) => join(directory, name)
  const keyDirectory = path('keys')
  const chance = { clock: systemClock, random: systemRandom }
  await createKeys(keyDirectory, { name: 'Test', passphrase }, chance)
  const signer = await openSigner(keyDirectory, 'db', passphrase)
  const sign = async (from: string, to: string) => {
    const signed = signEfi(await readFile(from), signer)
    assert.ok(signed.ok)
    await writeFile(to, signed.bytes)
  }
  const guest = { trees, modules: [...guestModules, 'efivarfs'], script }
  await writeFile(path('initrd'), await buildLabGuest(guest))
  for (const [letter, version] of Object.entries(images)) {
    await buildUki({
      tools: trees.tools,
      kernel: kernelOf(trees.kernel),
      initrd: path('initrd'),
      commandLine: `console=ttyS0 quiet no_timer_check panic=1 mitigations=off skerry.image=${idOf(letter)}`,
      osRelease: { version, prettyName: `Test ${version}` },
      kernelVersion: kernelVersionOf(trees.kernel),
      out: path(`${letter}.unsigned`),
    })
    await sign(path(`${letter}.unsigned`), path(letter))
  }
  const loader = 'usr/lib/systemd/boot/efi/systemd-bootx64.efi'
  await sign(join(trees.loader.path, loader), path('loader'))
  await writeFile(path('slot'), Buffer.alloc(4096))
  const image = (letter: string, slot: 'slot-a' | 'slot-b' | 'slot-c', counter?: string) => ({
    slot,
    file: path('slot'),
    kernel: path(letter),
    entryName: nameOf(letter, counter),
  })
  await buildDisk({
    tools: trees.tools,
    loader: path('loader'),
    images: [image('a', 'slot-a'), image('b', 'slot-b', '+3'), image('c', 'slot-c', '+0-3')],
    imageId: idOf('a'),
    espBytes: 192 * mib,
    slotBytes: mib,
    dataBytes: 64 * mib,
    out: path('disk'),
  })
  await createSecureBootVariables(trees, await readPublicKeys(keyDirectory), path('variables'))
}

/** What our reading of the loader's order says that it will start. */
function predicted(directory: string): string {
  using disk = openDiskFile(join(directory, 'disk'))
  using inspector = new DiskInspector([], disk)
  const { entries, problem } = inspector.inspect(disk)
  assert.equal(problem, undefined)
  return entries[0]!.fileName
}

async function started(machine: Machine): Promise<{ imageId: string; entries: string[] }> {
  const unless = /Kernel panic|No bootable option|@@no module/
  const options = { unless, processorSecondsMax: 200 }
  await machine.waitFor(/@@secure 1/, options)
  const { text } = await machine.waitFor(/@@started/, options)
  const listed = await machine.waitFor(/@@entries/, options)
  await machine.waitForEnd()
  return { imageId: text.split(' ').at(-1)!, entries: listed.text.trim().split(' ').slice(1) }
}

test(
  'the loader starts what we say it starts, and refuses what is not signed',
  { skip },
  async (t) => {
    assert.ok(typeof found !== 'string')
    const directory = await mkdtemp(join(tmpdir(), 'lab-loader-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    await makeDisk(found, directory)
    const [disk, variables] = [join(directory, 'disk'), join(directory, 'variables')]
    const put = {
      [`EFI/Linux/.new-${'d'.repeat(12)}.efi`]: await readFile(join(directory, 'd')),
      // What a torn rename leaves: newer, whole, signed and not counted.
      'EFI/Linux/SKERRY~9.EFI': await readFile(join(directory, 'c')),
    }
    await editEsp(found.tools, disk, { put })

    const hardware = {
      trees: found,
      memoryMiB: 512,
      secureBoot: true,
      variables,
      disks: [{ file: disk }],
    }
    const prediction = predicted(directory)
    assert.equal(prediction, nameOf('b', '+3'))
    {
      await using machine = await startMachine(hardware)
      const first = await started(machine)
      t.diagnostic(`signed: ${machine.processorSeconds.toFixed(1)} processor seconds`)
      assert.equal(first.imageId, idOf('b'))
      assert.ok(first.entries.includes(readCounter(prediction).nextName!))
    }
    // A newer one that nobody signed has one try, which its refusal uses up.
    await editEsp(found.tools, disk, {
      remove: [`EFI/Linux/${nameOf('b', '+2-1')}`, `EFI/Linux/${nameOf('c', '+0-3')}`],
      put: { [`EFI/Linux/${nameOf('d', '+1')}`]: await readFile(join(directory, 'd.unsigned')) },
    })
    assert.equal(predicted(directory), nameOf('d', '+1'))
    await using machine = await startMachine(hardware)
    await machine.waitFor(/Access denied/, { processorSecondsMax: 200 })
    const second = await started(machine)
    t.diagnostic(`refused, then signed: ${machine.processorSeconds.toFixed(1)} processor seconds`)
    assert.equal(second.imageId, idOf('a'))
    assert.ok(second.entries.includes(nameOf('d', '+0-1')))
    assert.equal(predicted(directory), nameOf('a'))
  },
)
