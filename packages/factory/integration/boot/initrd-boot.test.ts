import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type InitrdRequest, buildInitrd } from '@skerry/factory/initrd/build-initrd'
import { changeExt4, makeExt4, repairExt4 } from '@skerry/factory/initrd/testing/ext4-image'
import { writeGptDisk } from '@skerry/factory/initrd/testing/gpt-disk'
import {
  type TestSlot,
  makeTestSlot,
  writeBusyboxRoot,
} from '@skerry/factory/initrd/testing/test-root'
import type { Machine } from '@skerry/factory/lab/machine'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { kernelOf, kernelVersionOf, treesForTest } from '@skerry/factory/lab/testing/lab-trees'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const imageId = 'a1'.repeat(16)
const mebibyte = 1024 * 1024
/** What is left alone costs a start two more seconds each under emulation. */
const quiet = 'console=ttyS0 quiet panic=1 panic_on_oops=1 no_timer_check'
const bad = /CANNOT START|Kernel panic/

let directory = ''
let slot: TestSlot

before(async () => {
  if (typeof trees === 'string') return
  directory = await mkdtemp(join(tmpdir(), 'initrd-test-'))
  writeBusyboxRoot(join(directory, 'root'), trees.initrd)
  slot = await makeTestSlot(join(directory, 'root'), imageId, {
    tools: trees.tools,
    scratch: directory,
  })
})
after(() => rm(directory, { recursive: true, force: true }))

async function request(): Promise<InitrdRequest> {
  assert.ok(typeof trees !== 'string')
  return {
    packagesTree: trees.initrd,
    kernelTree: trees.kernel,
    kernelVersion: kernelVersionOf(trees.kernel),
  }
}

/** One of our scripts with something in it replaced, for an initrd that only a test has. */
async function changed(name: string, from: string, to: string): Promise<[string, Buffer]> {
  const text = await readFile(join(import.meta.dirname, '../../initrd', name), 'utf8')
  assert.ok(text.includes(from), `${name} has "${from}"`)
  return [`usr/lib/initrd/${name}`, Buffer.from(text.replace(from, to))]
}

type Setup = {
  readonly data?: Buffer
  readonly content?: Buffer
  readonly files?: ReadonlyMap<string, Uint8Array>
  readonly commandLine?: string
  readonly watchdog?: boolean
}

async function boot(name: string, setup: Setup): Promise<Machine> {
  assert.ok(typeof trees !== 'string')
  const here = join(directory, name)
  await mkdir(here)
  const initrd = await buildInitrd({
    ...(await request()),
    files: setup.files ?? new Map(),
    compressionLevel: 3,
  })
  await writeFile(join(here, 'initrd'), initrd.bytes)
  writeGptDisk(join(here, 'disk'), [
    { label: 'esp', sizeBytes: 4 * mebibyte },
    { label: 'slot-a', sizeBytes: 16 * mebibyte, content: Buffer.alloc(mebibyte, 0xaa) },
    { label: 'slot-b', sizeBytes: 16 * mebibyte, content: setup.content ?? slot.content },
    { label: 'slot-c', sizeBytes: 16 * mebibyte },
    ...(setup.data ? [{ label: 'data', sizeBytes: setup.data.length, content: setup.data }] : []),
  ])
  return await startMachine({
    trees,
    memoryMiB: 512,
    disks: [{ file: join(here, 'disk') }],
    watchdog: setup.watchdog ?? false,
    consoleFile: join(here, 'console.log'),
    directBoot: directBoot(name, setup.commandLine ?? slot.commandLine),
  })
}

function directBoot(name: string, commandLine: string) {
  assert.ok(typeof trees !== 'string')
  return {
    kernel: kernelOf(trees.kernel),
    initrd: join(directory, name, 'initrd'),
    commandLine: `${quiet} ${commandLine}`,
  }
}

function ext4(name: string): Buffer {
  assert.ok(typeof trees !== 'string')
  return makeExt4(join(directory, `${name}.ext4`), 64, trees.tools)
}

test('the same trees give the same initrd', { skip }, async () => {
  assert.ok(typeof trees !== 'string')
  const copy = join(directory, 'packages')
  await cp(trees.initrd.path, copy, { recursive: true, verbatimSymlinks: true, dereference: false })
  const one = await buildInitrd(await request())
  const two = await buildInitrd({ ...(await request()), packagesTree: { path: copy } })
  assert.ok(one.bytes.equals(two.bytes))
  assert.ok(one.modules.indexOf('dm_mod') < one.modules.indexOf('dm_verity'))
  assert.ok(one.bytes.length < 8 * mebibyte, `${one.bytes.length} bytes`)
})

test(
  'data that needs it is repaired, and a first start that loses power is done again',
  { skip },
  async () => {
    assert.ok(typeof trees !== 'string')
    const data = changeExt4(ext4('story'), ['ssv free_blocks_count 5', 'ssv state 2'], trees.tools)
    await using machine = await boot('story', { data, watchdog: true })
    await machine.waitFor(/watchdog armed: 180 s, i6300ESB/, { unless: bad })
    await machine.waitFor(/root is slot-b \(vda3\), image a1a1/, { unless: bad })
    await machine.cutPowerAt(/data: Repaired: /, { unless: bad })

    await machine.restart()
    await machine.waitFor(/skerry: early said: node-os.mjs early/, { unless: bad })
    await machine.waitFor(/@@ root=erofs etc=overlay var=ext4 data=ext4 tmp=tmpfs kept=ext4/, {
      unless: bad,
    })
    await machine.waitFor(/@@ data: Healthy/)
    const id = /machine=([0-9a-f]{32}) seeds=of the image of the image/
    const first = id.exec((await machine.waitFor(id)).text)?.[1]
    await machine.waitFor(/@@ data holds: bind lost\+found machine-id skerry var var-of$/)
    await machine.waitFor(/@@ boots: etc:$/)
    await machine.waitFor(/@@END/)

    await machine.restart()
    await machine.waitFor(/\.\.\/etc of .* is not kept: give an absolute path/, { unless: bad })
    assert.equal(id.exec((await machine.waitFor(id, { unless: bad })).text)?.[1], first)
    await machine.waitFor(/@@ boots: [0-9.]+ etc:$/)
    await machine.waitFor(/@@END/)
    assert.equal(machine.console.find(/not found|could be written/, 0), undefined)
  },
)

test(
  'data that cannot be repaired is read, and the machine says so and keeps its name',
  { skip },
  async () => {
    assert.ok(typeof trees !== 'string')
    const id = 'c0ffee'.padEnd(32, '0')
    await writeFile(join(directory, 'id'), `${id}\n`)
    const data = changeExt4(
      ext4('broken'),
      [
        `write ${join(directory, 'id')} machine-id`,
        'mkdir a',
        'mkdir b',
        'sif b block[5] 4385',
        'ssv state 2',
      ],
      trees.tools,
    )
    assert.equal(repairExt4(data, trees.tools), 4)
    await using machine = await boot('broken', { data })
    await machine.waitFor(/data: Corrupt: .*UNEXPECTED INCONSISTENCY.* repair vda5 by hand/, {
      unless: bad,
    })
    await machine.waitFor(/@@ root=erofs etc=overlay var=overlay data=overlay/, { unless: bad })
    await machine.waitFor(new RegExp(`machine=${id} seeds=of the image of the image`))
    await machine.waitFor(/@@END/)
  },
)

test(
  'without data, and with a cloud-config that never ends, the machine starts',
  { skip },
  async () => {
    const files = new Map([
      await changed('handover.sh', 'config_limit_seconds=120', 'config_limit_seconds=3'),
    ])
    await using machine = await boot('missing', {
      files,
      commandLine: `${slot.commandLine} test.hang`,
    })
    await machine.waitFor(/no hardware|watchdog armed: 180 s, Software Watchdog/, { unless: bad })
    await machine.waitFor(/data: Missing: vda has no partition called data\. /, { unless: bad })
    await machine.waitFor(/cloud-config did not end within 3 s and was stopped/, { unless: bad })
    await machine.waitFor(
      /@@ root=erofs etc=overlay var=overlay data=tmpfs tmp=tmpfs kept=overlay/,
      { unless: bad },
    )
    await machine.waitFor(/machine=[0-9a-f]{32} seeds=of the image of the image/)
    await machine.waitFor(/@@END/)
    assert.equal(machine.console.find(/@@ still there/, 0), undefined)
  },
)

test(
  'an initrd that hangs is reset by the watchdog, and what it cannot find it says',
  { skip },
  async () => {
    const files = new Map([
      await changed('root.sh', 'slot_wait_seconds=30', 'slot_wait_seconds=1'),
      await changed('data.sh', 'place_data() {', 'place_data() {\n  while :; do sleep 9; done'),
    ])
    await using machine = await boot('hang', {
      files,
      watchdog: true,
      commandLine: `${slot.commandLine} skerry.watchdog=12`,
    })
    await machine.waitFor(/watchdog armed: 12 s/, { unless: bad })
    await machine.waitFor(/root is slot-b/, { unless: bad })
    await machine.waitFor(/initrd started/)
    await machine.cutPower()

    const commandLine = `${slot.commandLine} skerry.image=${'b'.repeat(32)}`
    await machine.restart({ directBoot: directBoot('hang', commandLine) })
    await machine.waitFor(
      /CANNOT START: no slot holds the image b{32}, looked for 1 s at these partitions: esp slot-a slot-b slot-c/,
    )
    await machine.waitFor(/the machine restarts in 10 s/)
    await machine.waitFor(/initrd started/)
  },
)

test('a root that is not what was signed stops the machine before it runs', { skip }, async () => {
  const content = Buffer.from(slot.content)
  // The superblock of erofs: the first that is read.
  content[1024 + 100] = content[1024 + 100]! ^ 1
  await using machine = await boot('flipped', { content, data: ext4('flipped') })
  await machine.waitFor(/verity: .* is corrupted/)
  await machine.waitFor(/Kernel panic - not syncing: dm-verity device corrupted/)
  await machine.waitFor(/initrd started/)
})
