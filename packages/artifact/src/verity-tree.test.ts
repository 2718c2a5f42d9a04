import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { buildVeritySuperblock, parseVeritySuperblock } from './verity-superblock.ts'
import { growVerityTree, verityLayout, verityRootHash, writeVerityTree } from './verity-tree.ts'

const blockBytes = 4096
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

/** Bytes that differ in each block, the same in every run. */
function someData(blocks: number): Buffer {
  const data = Buffer.alloc(blocks * blockBytes)
  for (let at = 0; at < blocks; at += 1) data.writeUInt32LE(at + 1, at * blockBytes + (at % 4092))
  return data
}

function deviceOf(data: Buffer) {
  const bytes = Buffer.alloc(verityLayout(data.length).totalBytes, 0xff)
  data.copy(bytes)
  return {
    bytes,
    read: async (offset: number, sizeBytes: number) => bytes.subarray(offset, offset + sizeBytes),
    write: async (offset: number, chunk: Uint8Array) => bytes.set(chunk, offset),
  }
}

test('one block has no tree: its hash is the root', async () => {
  const data = someData(1)
  const device = deviceOf(data)
  assert.equal(device.bytes.length, 2 * blockBytes)
  assert.equal(await writeVerityTree(device, data.length), sha256(data).toString('hex'))
})

test('levels lie from the root down, and each hash is that of the block below', async () => {
  const data = someData(128 * 128 + 1)
  const device = deviceOf(data)
  const { levels } = verityLayout(data.length)
  assert.deepEqual(
    levels.map(({ blocks }) => blocks),
    [129, 2, 1],
  )
  const rootHash = await writeVerityTree(device, data.length)
  const top = levels[2]!
  assert.equal(top.offset, data.length + blockBytes)
  const topBlock = device.bytes.subarray(top.offset, top.offset + blockBytes)
  assert.equal(sha256(topBlock).toString('hex'), rootHash)
  const second = device.bytes.subarray(levels[1]!.offset, levels[1]!.offset + blockBytes)
  assert.deepEqual(topBlock.subarray(0, 32), sha256(second))
  assert.deepEqual(topBlock.subarray(64), Buffer.alloc(blockBytes - 64))
  assert.deepEqual(
    device.bytes.subarray(levels[0]!.offset, levels[0]!.offset + 32),
    sha256(data.subarray(0, blockBytes)),
  )
  assert.ok(
    device.bytes.subarray(data.length, data.length + blockBytes).every((byte) => byte === 0xff),
    'the superblock is left to the caller',
  )
})

test('data may come in pieces of any size', async () => {
  const data = someData(300)
  const whole = await verityRootHash(deviceOf(data).read, data.length)
  for (const pieceBytes of [4095, 4097, 100_000]) {
    const tree = growVerityTree(data.length, async () => undefined)
    for (let at = 0; at < data.length; at += pieceBytes)
      await tree.update(data.subarray(at, at + pieceBytes))
    assert.equal(await tree.finish(), whole, `pieces of ${pieceBytes} bytes`)
  }
})

test('one changed bit changes the root', async () => {
  const data = someData(130)
  const before = await verityRootHash(deviceOf(data).read, data.length)
  data[data.length - 1]! ^= 1
  assert.notEqual(await verityRootHash(deviceOf(data).read, data.length), before)
})

test('too little and too much data are refused', async () => {
  const tree = growVerityTree(2 * blockBytes, async () => undefined)
  await tree.update(Buffer.alloc(blockBytes))
  await assert.rejects(tree.finish(), /Only 4096 of 8192 bytes came/)
  await assert.rejects(tree.update(Buffer.alloc(blockBytes + 1)), /More data came/)
  for (const size of [0, -4096, 4095, 2 ** 60, Number.NaN])
    assert.throws(() => verityLayout(size), RangeError)
})

test('a superblock is read back, and nothing else is taken for one', () => {
  const imageId = '00112233445566778899aabbccddeeff'
  const block = buildVeritySuperblock(imageId, 5 * blockBytes)
  assert.equal(block.length, blockBytes)
  assert.deepEqual(parseVeritySuperblock(block), { imageId, dataBytes: 5 * blockBytes })
  for (const at of [0, 8, 12, 32, 64, 68, 80]) {
    const wrong = Buffer.from(block)
    wrong[at]! ^= 1
    assert.equal(parseVeritySuperblock(wrong), undefined, `byte ${at}`)
  }
  assert.equal(parseVeritySuperblock(block.subarray(0, 511)), undefined)
  assert.equal(parseVeritySuperblock(Buffer.alloc(0)), undefined)
  const endless = Buffer.from(block)
  endless.fill(0xff, 72, 80)
  assert.equal(parseVeritySuperblock(endless), undefined)
  assert.throws(() => buildVeritySuperblock('xyz', blockBytes), TypeError)
})
