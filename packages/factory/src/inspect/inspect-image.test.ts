import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { smallUki } from '../pe/testing/small-pe.ts'
import type { InspectReport } from './finding.ts'
import { inspectImage } from './inspect-image.ts'
import { inspectText } from './inspect-text.ts'
import {
  type SmallImage,
  smallImage,
  smallImageId,
  writeSmallLayout,
} from './testing/small-artifact.ts'
import { noTrust } from './trust.ts'

const bad = ({ findings }: InspectReport): string =>
  findings
    .filter(({ verdict }) => verdict === 'bad')
    .map(({ what, message }) => `${what}: ${message}`)
    .join('\n')

const factOf = ({ facts }: InspectReport, name: string) =>
  facts.find((fact) => fact.name === name)?.value

describe('inspecting', () => {
  let work = ''
  let image: SmallImage
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'inspect-'))
    image = await smallImage()
  })
  after(() => rm(work, { recursive: true }))

  const file = async (bytes: Uint8Array): Promise<string> => {
    const path = join(work, 'file')
    await writeFile(path, bytes)
    return path
  }
  const layout = async (of: SmallImage): Promise<string> => {
    const path = await mkdtemp(join(work, 'layout-'))
    await writeSmallLayout(path, of)
    return path
  }
  const blobOf = async (path: string, pick: (size: number) => boolean): Promise<string> => {
    const blobs = join(path, 'blobs/sha256')
    for (const name of await readdir(blobs))
      if (pick((await stat(join(blobs, name))).size)) return join(blobs, name)
    throw new Error('no such blob')
  }

  describe('an artifact', () => {
    test('that is whole and signed: nothing is bad, and it says what it is', async () => {
      const report = await inspectImage(await layout(image), image.trust)
      assert.equal(bad(report), '')
      assert.equal(report.kind, 'Artifact')
      assert.equal(factOf(report, 'version'), '1.0.0')
      assert.equal(factOf(report, 'image id'), smallImageId)
      assert.equal(factOf(report, 'distribution'), 'Debian GNU/Linux 13 (trixie)')
      assert.equal(factOf(report, 'agent'), '/usr/lib/skerry')
      assert.equal(report.findings.filter(({ verdict }) => verdict === 'ok').length, 10)
    })

    test('signed by somebody else is bad, and unknown where nobody is known', async () => {
      const { trust } = await smallImage()
      const path = await layout(image)
      assert.match(
        bad(await inspectImage(path, trust)),
        /signature: Signed by [0-9a-f]{12}, which is/,
      )
      const report = await inspectImage(path, noTrust)
      assert.ok(report.ok)
      assert.match(inspectText(report), /unknown sha256:.*signature: .*--keys/)
    })

    test('with a changed file system says which file', async () => {
      const path = await layout(image)
      const changed = Buffer.from(image.root)
      changed[20_000]! ^= 1
      await writeFile(await blobOf(path, (size) => size === image.root.length), changed)
      assert.match(bad(await inspectImage(path, image.trust)), /erofs sha256:.*other bytes/)
    })

    test('with a file that is cut off, missing, or leads to a device', async () => {
      const path = await layout(image)
      const blob = await blobOf(path, (size) => size === image.root.length)
      await truncate(blob, 5000)
      assert.match(bad(await inspectImage(path, image.trust)), /5000 of 32768/)
      await rm(blob)
      assert.match(bad(await inspectImage(path, image.trust)), /missing/)
      await symlink('/dev/zero', blob)
      assert.match(bad(await inspectImage(path, image.trust)), /missing/)
    })

    test('whose signed description and kernel speak of different images', async () => {
      const other = await smallImage({ rootHash: 'f'.repeat(64), kernelVersion: '5.0' })
      const text = bad(await inspectImage(await layout(other), other.trust))
      assert.match(text, /description says root hash ffff/)
      assert.match(text, /description says kernel version 5\.0, the kernel image 6\.12\.1-test/)
    })

    test('whose provenance is of another image, by somebody else, or nothing', async () => {
      const told = async (provenance: unknown) => {
        const path = await mkdtemp(join(work, 'layout-'))
        await writeSmallLayout(path, image, provenance)
        return bad(await inspectImage(path, image.trust))
      }
      assert.match(
        await told((await smallImage()).provenance),
        /provenance: Signed by [0-9a-f]{12}, which/,
      )
      assert.match(await told(image.envelope), /provenance: The envelope holds/)
      assert.match(await told({}), /provenance: It is not a signed statement/)
    })

    test('whose signed description is no description', async () => {
      const other = await smallImage({ slotBytes: 'many' })
      assert.match(
        bad(await inspectImage(await layout(other), other.trust)),
        /wrong at .*slotBytes/,
      )
    })

    test('with an index or a manifest of nonsense', async () => {
      const path = await layout(image)
      for (const index of [
        '',
        '[]',
        '{"manifests":7}',
        '{"manifests":[null,{"digest":"../../etc/passwd"}]}',
      ]) {
        await writeFile(join(path, 'index.json'), index)
        assert.equal((await inspectImage(path, image.trust)).kind, 'Artifact')
      }
    })
  })

  describe('a kernel image', () => {
    test('signed, unsigned, changed', async () => {
      const good = await inspectImage(await file(image.kernel), image.trust)
      assert.ok(good.ok && good.kind === 'Kernel')
      const changed = Buffer.from(image.kernel)
      changed[700]! ^= 1
      assert.match(bad(await inspectImage(await file(changed), image.trust)), /was changed after/)
      const unsigned = await file(smallUki('quiet', 'ID=x\n'))
      const text = bad(await inspectImage(unsigned, image.trust))
      assert.match(text, /not signed/)
      assert.match(text, /no IMAGE_VERSION/)
      assert.match(text, /does not name a root/)
    })

    test('cannot move the cursor of the terminal', async () => {
      const path = await file(smallUki('a=\u001b[2Jx', 'ID=x\nIMAGE_VERSION=\u001b]0;y\u0007\n'))
      assert.doesNotMatch(inspectText(await inspectImage(path)).replaceAll('\n', ''), /\p{Cc}/u)
    })
  })

  describe('the file of a slot', () => {
    test('whose blocks match their tree', async () => {
      const report = await inspectImage(await file(image.slot))
      assert.ok(report.ok && report.kind === 'Slot')
      assert.equal(factOf(report, 'image id'), smallImageId)
    })

    test('with one bit changed in data or tree', async () => {
      for (const at of [9000, image.slot.length - 4000]) {
        const changed = Buffer.from(image.slot)
        changed[at]! ^= 1
        assert.match(bad(await inspectImage(await file(changed))), /tree does not match/)
      }
    })

    test('cut off anywhere, or with any bytes changed, is told and never throws', async () => {
      for (let length = 0; length < image.slot.length; length += 3500)
        assert.equal((await inspectImage(await file(image.slot.subarray(0, length)))).ok, false)
      const random = seededRandom(11)
      for (let round = 0; round < 60; round += 1) {
        const changed = Buffer.from(image.slot)
        for (let count = 0; count < 20; count += 1)
          changed[1024 + Math.floor(random.next() * 8000)] = Math.floor(random.next() * 256)
        await inspectImage(await file(changed))
      }
    })
  })

  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(8192)],
    [
      'a GPT of ones',
      Buffer.concat([Buffer.alloc(512), Buffer.from('EFI PART'), Buffer.alloc(4096, 0xff)]),
    ],
    ['MZ', Buffer.from('MZ')],
    [
      'an erofs of ones',
      Buffer.concat([Buffer.alloc(1024), Buffer.from('e2e1f5e0', 'hex'), Buffer.alloc(8192, 0xff)]),
    ],
  ] as const)
    test(`${what}: is bad, and says so`, async () => {
      const report = await inspectImage(await file(bytes))
      assert.equal(report.ok, false)
      assert.match(inspectText(report), /findings are bad\.\n$/)
    })

  test('what cannot be looked into is not well', async () => {
    const strange = await inspectImage('/dev/null')
    assert.match(bad(strange), /neither a file nor a directory/)
    const disk = await inspectImage(await file(Buffer.from('QFI\u00fb'.padEnd(4096), 'latin1')))
    assert.equal(disk.ok, false)
    assert.match(inspectText(disk), /Nothing of it could be looked into/)
  })

  test('what is not there, and a directory of something else', async () => {
    assert.match(bad(await inspectImage(join(work, 'none'))), /ENOENT/)
    assert.match(bad(await inspectImage(work)), /no index\.json/)
  })
})
