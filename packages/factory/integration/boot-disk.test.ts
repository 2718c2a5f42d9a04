import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { buildVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { verityLayout, writeVerityTree } from '@skerry/artifact/verity-tree'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { type DiskRequest, buildDisk } from '../src/disk/build-disk.ts'
import { convertDisk } from '../src/disk/convert-disk.ts'
import { DiskError } from '../src/disk/disk-error.ts'
import { entryNameOf } from '../src/disk/disk-plan.ts'
import { editEsp, listEsp, readEspFile } from '../src/disk/edit-esp.ts'
import type { InspectReport } from '../src/inspect/finding.ts'
import { inspectImage } from '../src/inspect/inspect-image.ts'
import { smallErofs } from '../src/inspect/testing/small-erofs.ts'
import { readTrust } from '../src/inspect/trust.ts'
import { createKeys } from '../src/keys/create-keys.ts'
import { type Enrolment, enrolmentOf } from '../src/keys/enrolment.ts'
import { openSigner } from '../src/keys/open-keys.ts'
import { openDiskFile } from '../src/lab/disk-view.ts'
import { readPartitionTable } from '../src/lab/partition-table.ts'
import { kernelOf, treesForTest } from '../src/lab/testing/lab-trees.ts'
import { authenticodeDigest } from '../src/pe/authenticode-digest.ts'
import { signEfi } from '../src/pe/sign-efi.ts'
import { runInTools } from '../src/tools/run-in-tools.ts'
import { runProgram } from '../src/tools/run-program.ts'
import { treeProgram } from '../src/tools/tree-program.ts'
import { buildUki } from '../src/uki/build-uki.ts'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const none = { path: '' }
const { tools, lab, kernel, loader } =
  typeof trees === 'string' ? { tools: none, lab: none, kernel: none, loader: none } : trees
const passphrase = 'nine fair winds'
const imageId = '0123456789abcdef0123456789abcdef'
const mib = 2 ** 20
const sizes = { espBytes: 96 * mib, slotBytes: 32 * mib, dataBytes: 64 * mib }

describe('a kernel image and a disk', { skip }, () => {
  let work = ''
  let keys = ''
  let enrolment: Enrolment
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'disk-'))
    keys = join(work, 'keys')
    await createKeys(
      keys,
      { name: 'Test', passphrase },
      { clock: systemClock, random: systemRandom },
    )
    enrolment = await enrolmentOf(keys, { passphrase })
    await writeSlot()
    await signTo('loader.efi', join(loader.path, 'usr/lib/systemd/boot/efi/systemd-bootx64.efi'))
    await makeUki('kernel')
    await signTo('kernel.efi', join(work, 'kernel/unsigned.efi'))
  })
  after(() => rm(work, { recursive: true }))

  let rootHash = ''
  async function writeSlot(): Promise<void> {
    const root = smallErofs()
    const slot = Buffer.alloc(verityLayout(root.length).totalBytes)
    slot.set(root)
    slot.set(buildVeritySuperblock(imageId, root.length), root.length)
    rootHash = await writeVerityTree(
      {
        read: async (offset, length) => slot.subarray(offset, offset + length),
        write: async (offset, bytes) => slot.set(bytes, offset),
      },
      root.length,
    )
    await writeFile(join(work, 'slot'), slot)
    await writeFile(join(work, 'initrd'), Buffer.alloc(100_000, 7))
  }

  async function makeUki(directory: string): Promise<string> {
    await mkdir(join(work, directory))
    const out = join(work, directory, 'unsigned.efi')
    await buildUki({
      tools,
      kernel: kernelOf(kernel),
      initrd: join(work, 'initrd'),
      commandLine: `quiet skerry.root=${rootHash} skerry.size=32768 skerry.image=${imageId}`,
      osRelease: { version: '1.0.0', prettyName: 'Test 1.0.0' },
      kernelVersion: '6.12.1-test',
      out,
    })
    return out
  }

  async function signTo(name: string, from: string): Promise<void> {
    const signed = signEfi(await readFile(from), await openSigner(keys, 'db', passphrase))
    assert.ok(signed.ok)
    await writeFile(join(work, name), signed.bytes)
  }

  const image = (slot: 'slot-a' | 'slot-b', triesLeft?: number) => ({
    slot,
    file: join(work, 'slot'),
    kernel: join(work, 'kernel.efi'),
    entryName: entryNameOf(imageId, triesLeft),
  })

  const makeDisk = async (directory: string, more: Partial<DiskRequest> = {}): Promise<string> => {
    const out = join(work, directory, 'disk.raw')
    await mkdir(join(work, directory), { recursive: true })
    await buildDisk({
      tools,
      loader: join(work, 'loader.efi'),
      images: [image('slot-a')],
      imageId,
      out,
      ...sizes,
      ...more,
    })
    return out
  }

  const bad = ({ findings }: InspectReport): string =>
    findings
      .filter(({ verdict }) => verdict === 'bad')
      .map(({ what, message }) => `${what}: ${message}`)
      .join('\n')

  const digest = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex')

  test('a kernel image is the same in another directory, and signing leaves its digest', async () => {
    const again = await makeUki('again')
    assert.equal(await digest(again), await digest(join(work, 'kernel/unsigned.efi')))
    const [signed, plain] = [join(work, 'kernel.efi'), again]
    assert.deepEqual(
      authenticodeDigest(await readFile(signed)),
      authenticodeDigest(await readFile(plain)),
    )
  })

  test('a disk is the same in another directory and leaves nothing beside it', async () => {
    const request = { enrolment: { keys: enrolment, mode: 'force' } } as const
    const [one, two] = [await makeDisk('one', request), await makeDisk('two', request)]
    assert.equal(await digest(one), await digest(two))
    assert.deepEqual(await readdir(join(work, 'one')), ['disk.raw'])
    const { size, blocks } = await stat(one)
    assert.ok(blocks * 512 < size / 2, 'it is sparse')
  })

  test('a disk has the partitions, sizes and files that machines look for', async () => {
    const path = await makeDisk('parts', { enrolment: { keys: enrolment, mode: 'if-safe' } })
    using disk = openDiskFile(path)
    const table = readPartitionTable(disk)
    assert.ok(table.ok && !table.isFromBackup)
    assert.deepEqual(
      table.partitions.map(({ label, sizeBytes }) => [label, sizeBytes]),
      [
        ['esp', sizes.espBytes],
        ['slot-a', sizes.slotBytes],
        ['slot-b', sizes.slotBytes],
        ['slot-c', sizes.slotBytes],
        ['data', sizes.dataBytes],
      ],
    )
    const slot = table.partitions[1]!
    const content = await readFile(join(work, 'slot'))
    assert.ok(disk.read(slot.offset, content.length).equals(content))
    assert.deepEqual(await listEsp(tools, path), [
      'EFI/BOOT/BOOTX64.EFI',
      'EFI/Linux/skerry-0123456789ab.efi',
      'EFI/systemd/systemd-bootx64.efi',
      'loader/keys/auto/KEK.auth',
      'loader/keys/auto/PK.auth',
      'loader/keys/auto/db.auth',
      'loader/loader.conf',
    ])
    assert.equal(
      (await readEspFile(tools, path, 'loader/loader.conf')).toString(),
      'timeout 0\nconsole-mode keep\neditor no\npreferred skerry-*\nsecure-boot-enroll if-safe\n',
    )
  })

  test('the file systems of a disk are sound to their own checkers', async () => {
    const path = await makeDisk('sound')
    using disk = openDiskFile(path)
    const table = readPartitionTable(disk)
    assert.ok(table.ok)
    for (const [label, command] of [
      ['esp', ['fsck.fat', '-n', '/mnt/part']],
      ['data', ['e2fsck', '-fn', '/mnt/part']],
    ] as const) {
      const { offset, sizeBytes } = table.partitions.find((one) => one.label === label)!
      const part = join(work, label)
      await using file = await open(part, 'w')
      for (let at = 0; at < sizeBytes; at += mib)
        await file.write(disk.read(offset + at, Math.min(mib, sizeBytes - at)), 0, undefined, at)
      await runInTools(tools, { command, binds: [{ path: part, at: '/mnt/part' }] })
    }
  })

  test('inspect finds nothing bad on a disk, and finds what was done to it', async () => {
    const path = await makeDisk('seen', { enrolment: { keys: enrolment, mode: 'force' } })
    const trust = await readTrust([keys])
    const told = async () => bad(await inspectImage(path, trust))
    assert.equal(await told(), '')
    const entry = 'EFI/Linux/skerry-0123456789ab.efi'
    await editEsp(tools, path, {
      rename: [{ from: entry, to: 'EFI/Linux/skerry-0123456789ab+0-3.efi' }],
      put: {
        'EFI/Linux/skerry-ffffffffffff+3.efi': await readFile(join(work, 'kernel/unsigned.efi')),
        'EFI/Linux/skerry-eeeeeeeeeeee.efi': Buffer.alloc(100_000),
        'loader/loader.conf': 'default skerry-*\n',
      },
    })
    const text = await told()
    assert.match(text, /skerry-ffffffffffff\+3\.efi: signature: It is not signed/)
    assert.match(text, /skerry-eeeeeeeeeeee\.efi: It is not an EFI program/)
    assert.match(text, /loader\.conf: It has a line default/)
    assert.match(text, /loader\.conf: It lets a passer-by/)
    using disk = openDiskFile(path)
    const table = readPartitionTable(disk)
    assert.ok(table.ok)
    {
      await using file = await open(path, 'r+')
      await file.write(Buffer.from([1]), 0, 1, table.partitions[1]!.offset + 20_000)
    }
    assert.match(await told(), /slot-a: The file system was changed/)
  })

  test('a disk that was cut off is told', async () => {
    const path = await makeDisk('cut')
    const whole = await stat(path)
    await using file = await open(path, 'r+')
    for (const length of [whole.size - mib, 100 * mib, 20 * mib, mib, 1024]) {
      await file.truncate(length)
      assert.equal((await inspectImage(path)).ok, false, `${length} bytes`)
    }
  })

  test('several images, counted and not, on one disk', async () => {
    const path = await makeDisk('several', { images: [image('slot-b', 3)] })
    const report = await inspectImage(path, await readTrust([keys]))
    assert.ok(
      report.facts.some(({ name, value }) => name === 'state' && value === '3 tries left after 0'),
    )
    assert.ok(report.facts.some(({ name, value }) => name === 'slot' && value === 'slot-b'))
  })

  test('what does not fit is refused before anything is written', async () => {
    const attempt = makeDisk('small', {
      slotBytes: mib,
      images: [image('slot-a'), image('slot-a')],
    })
    await assert.rejects(attempt, DiskError)
    assert.deepEqual(await readdir(join(work, 'small')), [])
  })

  test('a build that fails leaves the disk that was there', async () => {
    const path = await makeDisk('kept')
    const had = await digest(path)
    await copyFile(join(work, 'slot'), join(work, 'gone'))
    const broken = { path: join(work, 'no-tools') }
    await mkdir(join(broken.path, 'tmp'), { recursive: true })
    await assert.rejects(makeDisk('kept', { tools: broken }))
    assert.equal(await digest(path), had)
    assert.deepEqual(await readdir(join(work, 'kept')), ['disk.raw'])
  })

  test('qcow2 and VHD hold the same disk, the same each time', async () => {
    const raw = await makeDisk('formats')
    for (const [format, name] of [
      ['qcow2', 'qcow2'],
      ['vhd', 'vpc'],
    ] as const) {
      const outs = [join(work, `1.${format}`), join(work, `2.${format}`)] as const
      for (const out of outs) await convertDisk(format, { raw, out, lab, imageId })
      assert.equal(await digest(outs[0]), await digest(outs[1]))
      const compare = ['compare', '-f', 'raw', '-F', name, raw, outs[0]]
      await runProgram({
        command: [...treeProgram(lab, '/usr/bin/qemu-img'), ...compare],
        environment: {},
      })
    }
  })
})
