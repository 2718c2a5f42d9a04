import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesView } from '@skerry/factory/lab/disk-view'
import { findFile, listDirectory, readFatFile } from '@skerry/factory/lab/fat-files'
import { fatHealth } from '@skerry/factory/lab/fat-health'
import { type FatVolume, openFat } from '@skerry/factory/lab/fat-volume'
import { treesForTest } from '@skerry/factory/lab/testing/lab-trees'
import { runProgram } from '@skerry/factory/tools/run-program'
import { treeProgram } from '@skerry/factory/tools/tree-program'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', MTOOLS_SKIP_CHECK: '1' }

async function tool(program: string, ...words: string[]): Promise<string> {
  assert.ok(typeof trees !== 'string')
  const command = [...treeProgram(trees.tools, program), ...words]
  const { stdout } = await runProgram({ command, environment, name: program })
  return stdout.toString()
}

function opened(bytes: Buffer): FatVolume {
  const result = openFat(bytesView(bytes))
  assert.ok(result.ok, result.ok ? '' : result.message)
  return result.volume
}

const kinds = [
  { kind: 'fat12', mib: 2, words: ['-F', '12'] },
  { kind: 'fat16', mib: 32, words: ['-F', '16'] },
  { kind: 'fat32', mib: 160, words: ['-F', '32', '-s', '1'] },
] as const

const names = [
  'EFI/Linux/skerry-0123456789ab+3.efi',
  'EFI/Linux/.new-0123456789ab',
  'EFI/BOOT/BOOTX64.EFI',
]
const more = [
  'loader/loader.conf',
  'ein etwas längerer Name mit Umlauten.txt',
  'lower.txt',
  'empty.bin',
]

test(
  'what mtools writes to FAT12, FAT16 and FAT32 is read back byte for byte',
  { skip },
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'fat-test-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    for (const { kind, mib, words } of kinds) {
      const image = join(directory, kind)
      await writeFile(image, Buffer.alloc(mib << 20))
      await tool('/usr/sbin/mkfs.fat', ...words, '-n', 'ESP', image)
      for (const path of ['EFI', 'EFI/Linux', 'EFI/BOOT', 'loader'])
        await tool('/usr/bin/mmd', '-i', image, `::/${path}`)
      const contents = new Map<string, Buffer>()
      for (const [index, path] of [...names, ...more].entries()) {
        const content = randomBytes(path.startsWith('empty') ? 0 : 1000 + index * 33_333)
        contents.set(path, content)
        await writeFile(join(directory, 'file'), content)
        await tool('/usr/bin/mcopy', '-i', image, join(directory, 'file'), `::/${path}`)
      }
      await tool('/usr/bin/mdel', '-i', image, '::/lower.txt')
      contents.delete('lower.txt')
      const volume = opened(await readFile(image))
      assert.equal(volume.kind, kind)
      for (const [path, content] of contents) {
        const file = findFile(volume, path)
        assert.equal(file?.name, path.split('/').at(-1))
        assert.ok(readFatFile(volume, file!).equals(content), `${kind}: ${path}`)
      }
      assert.equal(findFile(volume, 'lower.txt'), undefined)
      assert.equal(findFile(volume, 'EFI/BOOT/BOOTX64.EFI/x'), undefined)
      const linux = listDirectory(volume, findFile(volume, '/efi/linux')).files
      assert.deepEqual(
        linux.map(({ name }) => name),
        ['skerry-0123456789ab+3.efi', '.new-0123456789ab'],
      )
      assert.deepEqual(fatHealth(volume), {
        problems: [],
        lostClusters: 0,
        differingCopies: 0,
        isDirty: false,
      })
    }
  },
)

test('damage is found, and no damage makes the reader throw or run on', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fat-test-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const image = join(directory, 'image')
  await writeFile(image, Buffer.alloc(2 << 20))
  await tool('/usr/sbin/mkfs.fat', '-F', '12', image)
  await writeFile(join(directory, 'file'), randomBytes(60_000))
  await tool('/usr/bin/mmd', '-i', image, '::/d')
  await tool('/usr/bin/mcopy', '-i', image, join(directory, 'file'), '::/d/f')
  const good = await readFile(image)
  const { clusters, tableOffset } = opened(good)
  const file = findFile(opened(good), 'd/f')!

  const damaged = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good)
    change(bytes)
    return fatHealth(opened(bytes))
  }
  const set = (bytes: Buffer, cluster: number, value: number) => {
    const at = tableOffset + cluster + (cluster >> 1)
    const pair = bytes.readUInt16LE(at)
    const next = cluster % 2 === 0 ? (pair & 0xf000) | value : (pair & 0xf) | (value << 4)
    bytes.writeUInt16LE(next, at)
  }
  const loop = damaged((bytes) => set(bytes, file.firstCluster + 3, file.firstCluster))
  assert.match(
    loop.problems.join(),
    /d\/f: its chain is longer than it should be, or runs in a circle/,
  )
  const free = damaged((bytes) => set(bytes, file.firstCluster + 3, 0))
  assert.match(free.problems.join(), /runs into a free cluster/)
  assert.ok(free.lostClusters > 0)
  assert.equal(free.differingCopies, 1)
  const lost = damaged((bytes) => set(bytes, clusters - 10, 0xfff))
  assert.equal(lost.lostClusters, 1)
  const short = damaged((bytes) => set(bytes, file.firstCluster + 3, 0xfff))
  assert.match(short.problems.join(), /bytes of the 60000 that it should have/)

  let state = Number.parseInt(createHash('sha256').update('fat').digest('hex').slice(0, 8), 16)
  const next = (below: number) => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) % below
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(good)
    for (let count = next(20); count >= 0; count--)
      bytes[next(next(4) === 0 ? 512 : 90_000)] = next(256)
    const result = openFat(bytesView(bytes))
    if (!result.ok) continue
    assert.ok(Array.isArray(fatHealth(result.volume).problems))
    const found = findFile(result.volume, 'd/f')
    if (found !== undefined) readFatFile(result.volume, found)
  }
})
