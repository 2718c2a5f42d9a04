import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bootStartsMax, nodePaths } from '@skerry/api/os/os-layout'
import { buildInitrd } from '@skerry/factory/initrd/build-initrd'
import { changeExt4, makeExt4, readExt4 } from '@skerry/factory/initrd/testing/ext4-image'
import { writeGptDisk } from '@skerry/factory/initrd/testing/gpt-disk'
import {
  type TestSlot,
  makeTestSlot,
  writeBusyboxRoot,
} from '@skerry/factory/initrd/testing/test-root'
import { openDiskFile, partOf } from '@skerry/factory/lab/disk-view'
import { findFile, listDirectory } from '@skerry/factory/lab/fat-files'
import { fatHealth } from '@skerry/factory/lab/fat-health'
import { openFat } from '@skerry/factory/lab/fat-volume'
import type { Machine } from '@skerry/factory/lab/machine'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { kernelOf, kernelVersionOf, treesForTest } from '@skerry/factory/lab/testing/lab-trees'
import { runProgram } from '@skerry/factory/tools/run-program'
import { treeProgram } from '@skerry/factory/tools/tree-program'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const mebibyte = 1024 * 1024
const espBytes = 8 * mebibyte
const imageId = 'a1'.repeat(16)
const otherId = 'b2'.repeat(16)
const entryOf = (id: string, counter = '') => `skerry-${id.slice(0, 12)}${counter}.efi`

let directory = ''
let slot: TestSlot
/** The same root under another name: an older image. */
let other: TestSlot
let initrd = ''

before(async () => {
  if (typeof trees === 'string') return
  directory = await mkdtemp(join(tmpdir(), 'initrd-decay-'))
  writeBusyboxRoot(join(directory, 'root'), trees.initrd)
  const places = { tools: trees.tools, scratch: directory }
  slot = await makeTestSlot(join(directory, 'root'), imageId, places)
  other = await makeTestSlot(join(directory, 'root'), otherId, places)
  const rootScript = await readFile(join(import.meta.dirname, '../../initrd/root.sh'), 'utf8')
  const built = await buildInitrd({
    packagesTree: trees.initrd,
    kernelTree: trees.kernel,
    kernelVersion: kernelVersionOf(trees.kernel),
    // Nobody should have to wait half a minute for a slot that will not come.
    files: new Map([
      [
        'usr/lib/initrd/root.sh',
        Buffer.from(rootScript.replace('slot_wait_seconds=30', 'slot_wait_seconds=1')),
      ],
    ]),
    compressionLevel: 3,
  })
  initrd = join(directory, 'initrd')
  await writeFile(initrd, built.bytes)
})
after(() => rm(directory, { recursive: true, force: true }))

async function tool(program: string, ...words: string[]): Promise<void> {
  assert.ok(typeof trees !== 'string')
  const command = [...treeProgram(trees.tools, program), ...words]
  const environment = { PATH: '/usr/bin:/bin', MTOOLS_SKIP_CHECK: '1' }
  await runProgram({ command, environment, name: program })
}

/** As much of a kernel image as anybody looks at: its first two letters, and its words. */
function fakeKernel({ commandLine }: TestSlot): Buffer {
  const bytes = Buffer.alloc(200_000, 1)
  bytes.write('MZ\0', 0, 'latin1')
  bytes.write(`\0quiet ${commandLine}\0`, 120_000, 'latin1')
  return bytes
}

async function espWith(name: string, entries: Record<string, Buffer>): Promise<Buffer> {
  const image = join(directory, `${name}.esp`)
  await writeFile(image, Buffer.alloc(espBytes))
  await tool('/usr/sbin/mkfs.fat', '-n', 'ESP', image)
  for (const path of ['EFI', 'EFI/Linux']) await tool('/usr/bin/mmd', '-i', image, `::/${path}`)
  for (const [entry, bytes] of Object.entries(entries)) {
    const file = join(directory, 'entry')
    await writeFile(file, bytes)
    await tool('/usr/bin/mcopy', '-i', image, file, `::/EFI/Linux/${entry}`)
  }
  return await readFile(image)
}

/** A data partition with this in the count of the image's starts. */
function dataWith(name: string, count: string): Buffer {
  assert.ok(typeof trees !== 'string')
  const file = join(directory, `${name}.ext4`)
  const data = makeExt4(file, 64, trees.tools)
  const from = `${file}.count`
  const commands = [
    'mkdir skerry',
    'mkdir skerry/os',
    'mkdir skerry/os/starts',
    `write ${from} skerry/os/starts/${imageId}`,
  ]
  return changeExt4(data, commands, trees.tools, { [from]: count })
}

type Setup = {
  readonly content: Buffer
  readonly count: string
  readonly entries?: Record<string, Buffer>
  readonly others?: Buffer
}

type Started = { readonly machine: Machine; entries(): string[]; count(): string | undefined }

const both = () => ({
  [entryOf(imageId)]: fakeKernel(slot),
  [entryOf(otherId)]: fakeKernel(other),
})

async function start(name: string, setup: Setup): Promise<Started> {
  assert.ok(typeof trees !== 'string')
  const { tools } = trees
  await mkdir(join(directory, name))
  const disk = join(directory, name, 'disk')
  const data = dataWith(name, setup.count)
  const [espOffset = 0, , , dataOffset = 0] = writeGptDisk(disk, [
    { label: 'esp', sizeBytes: espBytes, content: await espWith(name, setup.entries ?? both()) },
    { label: 'slot-a', sizeBytes: 16 * mebibyte, content: setup.content },
    { label: 'slot-b', sizeBytes: 16 * mebibyte, content: setup.others ?? other.content },
    { label: 'data', sizeBytes: data.length, content: data },
  ])
  const machine = await startMachine({
    trees,
    memoryMiB: 512,
    disks: [{ file: disk }],
    consoleFile: join(directory, name, 'console.log'),
    directBoot: {
      kernel: kernelOf(trees.kernel),
      initrd,
      commandLine: `console=ttyS0 quiet panic=1 panic_on_oops=1 no_timer_check ${slot.commandLine}`,
    },
  })
  return {
    machine,
    entries() {
      using file = openDiskFile(disk)
      const fat = openFat(partOf(file, espOffset, espBytes))
      assert.ok(fat.ok)
      assert.deepEqual(fatHealth(fat.volume).problems, [])
      const found = listDirectory(fat.volume, findFile(fat.volume, 'EFI/Linux'))
      return found.files.map((entry) => entry.name).toSorted()
    },
    count() {
      using file = openDiskFile(disk)
      const path = `${nodePaths.bootStarts.replace(nodePaths.data, '')}/${imageId}`
      return readExt4(file.read(dataOffset, data.length), [path], tools)?.get(path)
    },
  }
}

function decayed(content: Buffer, offset: number): Buffer {
  const bytes = Buffer.from(content)
  bytes[offset]! ^= 1
  return bytes
}

test('a kept image whose slot decayed is exhausted after too many starts', { skip }, async () => {
  const content = decayed(slot.content, 1024 + 100)
  const started = await start('block', { content, count: `${bootStartsMax - 1} 2 1 \n` })
  await using machine = started.machine
  await machine.waitFor(/Kernel panic - not syncing: dm-verity device corrupted/)
  await machine.waitFor(/image (a1){16} did not come to health in 5 starts in a row/, {
    unless: /Kernel panic/,
  })
  await machine.waitFor(/the machine restarts into skerry-b2b2b2b2b2b2\.efi, whose agent/)
  await machine.waitFor(/initrd started/)
  await machine.cutPower()
  assert.deepEqual(started.entries(), [entryOf(imageId, '+0-5'), entryOf(otherId)])
  assert.match(started.count() ?? '', /^5 2 1 \n$/)
})

test('a destroyed superblock counts too, with the words that were said', { skip }, async () => {
  const content = decayed(slot.content, slot.rootBytes + 8)
  const started = await start('superblock', { content, count: `${bootStartsMax - 1} 0 0 \n` })
  await using machine = started.machine
  await machine.waitFor(/CANNOT START: no slot holds the image (a1){16}/)
  await machine.waitFor(/the machine restarts into skerry-b2b2/)
  await machine.waitFor(/initrd started/)
  await machine.cutPower()
  assert.deepEqual(started.entries(), [entryOf(imageId, '+0-5'), entryOf(otherId)])
  assert.match(started.count() ?? '', /^5 0 0 no slot holds the image/)
})

test(
  'a supply that flickers costs a count, and a count that is none counts as none',
  { skip },
  async () => {
    const started = await start('flicker', { content: slot.content, count: '08 $(reboot) -1 x\n' })
    await using machine = started.machine
    await machine.cutPowerAt(/root is slot-a/, { unless: /CANNOT START|Kernel panic/ })
    assert.equal(started.count(), '1 0 0 x\n')
    await machine.restart()
    await machine.waitFor(/@@END/, { unless: /CANNOT START|Kernel panic/ })
    await machine.cutPower()
    assert.equal(started.count(), '2 1 0 \n')
    assert.deepEqual(started.entries(), Object.keys(both()))
  },
)

test('where no other image could start it is tried on, and said so', { skip }, async () => {
  const entries = {
    [entryOf(imageId)]: fakeKernel(slot),
    // No slot holds it; exhausted; empty; another's.
    [entryOf(otherId)]: fakeKernel(other),
    [entryOf('c3'.repeat(16), '+0-3')]: fakeKernel(slot),
    [entryOf('d4'.repeat(16))]: Buffer.alloc(0),
    'foreign.efi': fakeKernel(slot),
  }
  const started = await start('alone', {
    content: slot.content,
    count: '7 1 0 words of before\n',
    entries,
    others: decayed(other.content, other.rootBytes + 8),
  })
  await using machine = started.machine
  await machine.waitFor(/did not come to health in 7 starts in a row/, { unless: /@@/ })
  await machine.waitFor(/it is tried again: the ESP has no other image/, { unless: /@@/ })
  await machine.waitFor(/@@END/, { unless: /CANNOT START|Kernel panic/ })
  await machine.cutPower()
  assert.deepEqual(started.entries(), Object.keys(entries).toSorted())
  assert.equal(started.count(), '8 2 0 \n')
})
