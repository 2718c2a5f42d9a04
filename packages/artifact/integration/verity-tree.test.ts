import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { buildVeritySuperblock } from '../src/verity-superblock.ts'
import { verityLayout, writeVerityTree } from '../src/verity-tree.ts'

/** A tree with Debian's cryptsetup-bin, or the machine's own. */
const tree = process.env['SKERRY_TOOLS_TREE'] ?? ''
const candidates = tree === '' ? ['/usr/sbin/veritysetup', '/sbin/veritysetup'] : []
const own = candidates.find((path) => existsSync(path))
const words =
  tree === ''
    ? own === undefined
      ? undefined
      : [own]
    : [
        `${tree}/usr/lib64/ld-linux-x86-64.so.2`,
        '--library-path',
        `${tree}/usr/lib/x86_64-linux-gnu`,
        `${tree}/usr/sbin/veritysetup`,
      ]
const skip =
  words === undefined
    ? 'no veritysetup: install cryptsetup-bin or name a tree with it in SKERRY_TOOLS_TREE'
    : false

describe('the verity tree beside that of veritysetup', { skip }, () => {
  let dir = ''
  before(async () => void (dir = await mkdtemp(join(tmpdir(), 'verity-'))))
  after(() => rm(dir, { recursive: true }))
  for (const blocks of [1, 2, 127, 128, 129, 128 * 128, 128 * 128 + 1, 20_000])
    test(`${blocks} blocks: the same bytes`, async () => {
      const data = randomBytes(blocks * 4096)
      const imageId = randomBytes(16).toString('hex')
      const theirs = join(dir, `${blocks}.theirs`)
      const ours = join(dir, `${blocks}.ours`)
      await writeFile(theirs, data)
      await writeFile(ours, data)
      const uuid = imageId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      const [command, ...rest] = words!
      const said = execFileSync(
        command!,
        [
          ...rest,
          'format',
          theirs,
          theirs,
          `--hash-offset=${data.length}`,
          '--salt=-',
          `--uuid=${uuid}`,
        ],
        { encoding: 'utf8' },
      )
      const file = await open(ours, 'r+')
      const rootHash = await writeVerityTree(
        {
          read: async (offset, sizeBytes) =>
            (await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset)).buffer,
          write: async (offset, bytes) => void (await file.write(bytes, 0, bytes.length, offset)),
        },
        data.length,
      )
      await file.write(buildVeritySuperblock(imageId, data.length), 0, 4096, data.length)
      await file.close()
      assert.equal(rootHash, /Root hash:\s*([0-9a-f]{64})/.exec(said)?.[1])
      const bytes = await readFile(ours)
      assert.equal(bytes.length, verityLayout(data.length).totalBytes)
      assert.ok(bytes.equals(await readFile(theirs)), 'the files differ')
    })
})
