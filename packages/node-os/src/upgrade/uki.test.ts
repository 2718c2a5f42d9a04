import assert from 'node:assert/strict'
import { it } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { fakeUki } from '../testing/fake-image.ts'
import { parseCommandLine } from './command-line.ts'
import { firmwareTrust } from './firmware-trust.ts'
import { panicText } from './panics.ts'
import { readUki } from './uki.ts'

const words = { imageId: 'a'.repeat(32), rootHash: 'b'.repeat(64), rootBytes: 8192 }
const certificate = Buffer.from('a certificate of somebody')
const kernel = fakeUki({ version: '1.2.3', ...words, certificates: certificate })
const read = (bytes: Buffer) =>
  readUki(async (offset, sizeBytes) => bytes.subarray(offset, offset + sizeBytes), bytes.length)

it('a kernel says its version, its image and who signed it', async () => {
  const { parts, certificates, ...said } = (await read(kernel))!
  assert.deepEqual(said, { version: '1.2.3', image: words })
  assert.deepEqual(certificates?.subarray(0, certificate.length), certificate)
  assert.equal(parts.certificatesOffset, kernel.length - certificate.length - 32)
  assert.equal((await read(fakeUki({ version: '1', ...words })))?.certificates, undefined)
})

it('a kernel that is cut off or damaged anywhere says nothing, and breaks nothing', async () => {
  for (const length of [0, 1, 63, 64, 200, 500, 1024, 1030])
    assert.equal(await read(kernel.subarray(0, length)), undefined)
  const random = seededRandom(7)
  for (let round = 0; round < 500; round += 1) {
    const damaged = Buffer.from(kernel)
    for (let at = 0; at < 8; at += 1)
      damaged[Math.floor(random.next() * 1024)] = Math.floor(random.next() * 256)
    await read(damaged)
  }
})

it('a command line that is not ours is none', () => {
  const line = (root: string, size: string, image: string) =>
    parseCommandLine(`quiet skerry.root=${root} skerry.size=${size} skerry.image=${image}\n`)
  const { rootHash, imageId } = words
  assert.deepEqual(line(rootHash, '8192', imageId), words)
  for (const size of ['8191', '0', '-4096', '1e99', '', '4096.5', 'x'])
    assert.equal(line(rootHash, size, imageId), undefined, size)
  assert.equal(line('b', '8192', imageId), undefined)
  assert.equal(line(rootHash, '8192', `${imageId}0`), undefined)
  assert.equal(parseCommandLine('root=/dev/sda1 ro'), undefined)
})

it('the firmware knows a kernel by a certificate that both hold', () => {
  const list = (type: string, der: Buffer): Buffer => {
    const header = Buffer.alloc(28)
    header.write(type, 0, 'hex')
    header.writeUInt32LE(28 + 16 + der.length, 16)
    header.writeUInt32LE(16 + der.length, 24)
    return Buffer.concat([header, Buffer.alloc(16), der])
  }
  const x509 = 'a159c0a5e494a74a87b5ab155c2bf072'
  const db = Buffer.concat([list('00'.repeat(16), Buffer.from('a hash')), list(x509, certificate)])
  const signed = Buffer.concat([Buffer.from('PKCS 7 '), certificate, Buffer.from(' more')])
  assert.equal(firmwareTrust(signed, db), 'Known')
  assert.equal(firmwareTrust(Buffer.from('somebody else'), db), 'Foreign')
  assert.equal(firmwareTrust(undefined, db), 'Unsigned')
  assert.equal(firmwareTrust(signed, undefined), 'Unknown')
  for (const hostile of [Buffer.alloc(0), Buffer.alloc(4000), Buffer.alloc(4000, 255)])
    assert.equal(firmwareTrust(signed, hostile), 'Unknown')
})

it('of what the kernel left the line that says why is kept', () => {
  const dump =
    'Panic#1 Part1\n<6>[    1.0] usb\n<0>[    3.25] Kernel panic - not syncing: VFS\x00\x07!\n'
  assert.equal(panicText(Buffer.from(dump)), 'Kernel panic - not syncing: VFS!')
  assert.equal(panicText(Buffer.from('Part2\n<6> nothing here\n')), undefined)
  assert.equal(panicText(Buffer.alloc(300_000, 120)), undefined)
})
