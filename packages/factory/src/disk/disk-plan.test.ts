import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type DiskSizes, type PlannedImage, entryNameOf, planDisk } from './disk-plan.ts'
import { loaderConfiguration } from './loader-configuration.ts'
import { vhdFooter } from './vhd-footer.ts'

const mib = 2 ** 20
const image: PlannedImage = {
  slot: 'slot-a',
  entryName: 'skerry-0123456789ab.efi',
  slotFileBytes: 1.5 * 2 ** 30 + 4096,
  kernelBytes: 20 * mib,
}

function problems(images: readonly PlannedImage[], sizes: DiskSizes = {}): string {
  const result = planDisk(images, sizes)
  assert.ok(!result.ok)
  return result.messages.join('\n')
}

describe('the plan of a disk', () => {
  test('gives a slot 2 GiB, or twice the image', () => {
    const small = planDisk([{ ...image, slotFileBytes: 5 * mib }], {})
    assert.ok(small.ok)
    assert.equal(small.plan.slotBytes, 2 * 2 ** 30)
    const large = planDisk([image], {})
    assert.ok(large.ok)
    assert.equal(large.plan.slotBytes, 3 * 2 ** 30 + mib)
  })

  test('without an image is a disk that waits for one', () => {
    assert.ok(planDisk([], {}).ok)
  })

  test('says everything that is wrong at once', () => {
    const text = problems([image, image], { espBytes: 5, slotBytes: mib, dataBytes: 2 ** 50 })
    assert.match(text, /espBytes must be whole MiB/)
    assert.match(text, /dataBytes must be whole MiB/)
    assert.match(text, /raise slotBytes/)
    assert.match(text, /two images are meant for slot-a/)
    assert.match(text, /two images are called skerry-0123456789ab\.efi/)
  })

  test('keeps room on the ESP for the next kernel', () => {
    assert.match(
      problems([{ ...image, kernelBytes: 40 * mib }], { espBytes: 64 * mib }),
      /need 88080384/,
    )
  })

  for (const name of [
    '../../loader.efi',
    'skerry-0123456789ab.efi.bak',
    'skerry-xyz.efi',
    'skerry-0123456789ab+3-.efi',
  ])
    test(`refuses the entry name ${name}`, () => {
      assert.match(problems([{ ...image, entryName: name }]), /entry name/)
    })
})

test('entry names: the first twelve digits of the id, and the tries that are left', () => {
  const imageId = '0123456789abcdef0123456789abcdef'
  assert.equal(entryNameOf(imageId), 'skerry-0123456789ab.efi')
  assert.equal(entryNameOf(imageId, 3), 'skerry-0123456789ab+3.efi')
})

test('the loader prefers names of ours to the short ones that a torn rename leaves', () => {
  assert.match(loaderConfiguration('off'), /^preferred skerry-\*$/m)
})

test('the loader has no default, which it would start for ever', () => {
  for (const mode of ['off', 'force', 'if-safe'] as const)
    assert.doesNotMatch(loaderConfiguration(mode), /default/)
})

describe('the footer of a VHD', () => {
  test('sums up', () => {
    const footer = vhdFooter(100 * mib, Buffer.alloc(16, 7))
    const sum = footer.readUInt32BE(64)
    footer.writeUInt32BE(0, 64)
    assert.equal(sum, ~footer.reduce((total, byte) => total + byte, 0) >>> 0)
    assert.equal(footer.toString('latin1', 0, 8), 'conectix')
    assert.equal(footer.readBigUInt64BE(48), BigInt(100 * mib))
  })

  test('has the geometry of the specification, up to disks of 127 GiB and beyond', () => {
    const geometry = (bytes: number) => {
      const footer = vhdFooter(bytes, Buffer.alloc(16))
      return [footer.readUInt16BE(56), footer[58], footer[59]]
    }
    assert.deepEqual(geometry(100 * mib), [1003, 12, 17])
    assert.deepEqual(geometry(2 ** 40), [65_535, 16, 255])
  })
})
