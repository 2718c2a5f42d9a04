import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildInitrd } from '@skerry/factory/initrd/build-initrd'
import { makeExt4, readExt4 } from '@skerry/factory/initrd/testing/ext4-image'
import { writeGptDisk } from '@skerry/factory/initrd/testing/gpt-disk'
import { makeTestSlot, seedText, writeBusyboxRoot } from '@skerry/factory/initrd/testing/test-root'
import { openDiskFile } from '@skerry/factory/lab/disk-view'
import { diskAfter } from '@skerry/factory/lab/logged-disk'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { kernelOf, kernelVersionOf, treesForTest } from '@skerry/factory/lab/testing/lab-trees'
import { readWriteLog } from '@skerry/factory/lab/write-log'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const mebibyte = 1024 * 1024
const dataMiB = 16
/** Lost writes that are tried at each prefix. */
const seedsPerPrefix = 2

/** The files of the image that must be in a copy as soon as the copy has its name. */
const seeds = {
  '/var': '/var/lib/thing/seed',
  '/bind/opt:kept': '/bind/opt:kept/seed',
}

/** What is wrong with the data partition that a power cut left; the journal is replayed first. */
function problemsOf(data: Buffer): string[] {
  assert.ok(typeof trees !== 'string')
  const found = readExt4(
    data,
    [...Object.keys(seeds), ...Object.values(seeds), '/machine-id'],
    trees.tools,
  )
  if (found === undefined) return ['the file system cannot be repaired without a question']
  const halves = Object.entries(seeds).filter(
    ([directory, file]) => found.has(directory) && found.get(file) !== seedText,
  )
  const id = found.get('/machine-id')
  return [
    ...halves.map(([directory]) => `${directory} has its name and not its files`),
    ...(id === undefined || /^[0-9a-f]{32}\n$/.test(id) ? [] : ['the machine-id is torn']),
  ]
}

/** Starts a machine for the first time, and gives what is wrong after a cut at any of its writes. */
async function firstStart(
  directory: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<string[]> {
  assert.ok(typeof trees !== 'string')
  const path = (name: string) => join(directory, name)
  writeBusyboxRoot(path('root'), trees.initrd)
  const slot = await makeTestSlot(path('root'), 'c'.repeat(32), {
    tools: trees.tools,
    scratch: directory,
  })
  const parts = {
    packagesTree: trees.initrd,
    kernelTree: trees.kernel,
    kernelVersion: kernelVersionOf(trees.kernel),
    files,
  }
  await writeFile(path('initrd'), (await buildInitrd(parts)).bytes)
  const data = makeExt4(path('data'), dataMiB, trees.tools)
  const [, dataOffset = 0] = writeGptDisk(path('disk'), [
    { label: 'slot-a', sizeBytes: 16 * mebibyte, content: slot.content },
    { label: 'data', sizeBytes: data.length, content: data },
  ])
  await writeFile(path('before'), await readFile(path('disk')))
  await writeFile(path('log'), '')
  await truncate(path('log'), 64 * mebibyte)
  {
    await using machine = await startMachine({
      trees,
      memoryMiB: 512,
      disks: [{ file: path('disk'), writeLog: path('log') }],
      directBoot: {
        kernel: kernelOf(trees.kernel),
        initrd: path('initrd'),
        commandLine: `console=ttyS0 quiet panic=1 no_timer_check ${slot.commandLine}`,
      },
    })
    await machine.waitFor(/@@END/, { unless: /CANNOT START|Kernel panic/ })
  }
  using before = openDiskFile(path('before'))
  using log = readWriteLog(path('log'))
  assert.ok(log.entries.length > 20, `${log.entries.length} writes`)
  const cuts = log.entries.flatMap((_, entries) =>
    [undefined, ...Array(seedsPerPrefix).keys()].map((loseSeed) => ({ entries, loseSeed })),
  )
  const seen = new Map<string, string[]>()
  return cuts.flatMap((cut) => {
    const disk = diskAfter(before, log, cut)
    // Many seeds lose the same: what a disk holds is inspected once.
    const name = disk.contentName(dataOffset, data.length)
    const problems = seen.get(name) ?? problemsOf(disk.read(dataOffset, data.length))
    seen.set(name, problems)
    return problems.map(
      (problem) => `after ${cut.entries} writes, seed ${cut.loseSeed}: ${problem}`,
    )
  })
}

test(
  'a first start that loses power at any write leaves data whole, or not there',
  { skip },
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'initrd-cuts-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    assert.deepEqual(await firstStart(directory, new Map()), [])
  },
)

test('the same inspection finds a copy that is made in place', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'initrd-cuts-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const keep = await readFile(join(import.meta.dirname, '../../initrd/keep.sh'), 'utf8')
  // A long copy is durable in pieces, as the kernel commits every five seconds; here the pieces are made.
  const careless = `${keep}\ncopy_all() {
  for path in $missing; do
    mkdir -p "$(place_of "$path")"
    sync
    cp -a "/sysroot$path/." "$(place_of "$path")"
    sync
  done
}\n`
  const files = new Map([['usr/lib/initrd/keep.sh', Buffer.from(careless)]])
  const problems = await firstStart(directory, files)
  assert.ok(
    problems.some((problem) => problem.includes('has its name and not its files')),
    problems.join('\n'),
  )
})
