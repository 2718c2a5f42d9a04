import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { readFrames } from './device-frames.ts'
import { LinkError } from './device-link.ts'

const frame = (text: string) => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(text))
  return Buffer.concat([length, Buffer.from(text)])
}
async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}
const textsOf = async (source: AsyncIterable<Buffer>) =>
  (await Array.fromAsync(readFrames(source))).map(String)

test('documents come out whole however the bytes are cut', async () => {
  const texts = ['{"a":1}', '', 'x'.repeat(300), 'ü']
  const bytes = Buffer.concat(texts.map(frame))
  for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes += 1)
    assert.deepEqual(await textsOf(inPieces(bytes, pieceBytes)), texts)
})

test('half a document at the end is none', async () => {
  const bytes = Buffer.concat([frame('one'), frame('two').subarray(0, 5)])
  assert.deepEqual(await textsOf(inPieces(bytes, 4)), ['one'])
  assert.deepEqual(await textsOf(inPieces(Buffer.from([0, 0]), 1)), [])
})

test('an announced size past the limit is refused before a byte of it is kept', async () => {
  await assert.rejects(
    textsOf(inPieces(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0]), 6)),
    (error) => error instanceof LinkError && error.reason === 'Refused',
  )
})
