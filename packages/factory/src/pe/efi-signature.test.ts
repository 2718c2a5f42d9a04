import assert from 'node:assert/strict'
import { X509Certificate, createHash, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { selfSignedCertificate } from '../keys/certificate.ts'
import type { Signer } from '../keys/pkcs7.ts'
import { authenticodeDigest } from './authenticode-digest.ts'
import { type EfiRefusal, verifyEfi } from './verify-efi.ts'
import { readPe } from './pe-image.ts'
import { signEfi } from './sign-efi.ts'
import { smallPe } from './testing/small-pe.ts'

function signerOf(name: string): Signer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const certificate = selfSignedCertificate({
    commonName: name,
    organization: 'Test',
    privateKey,
    serial: createHash('sha256').update(name).digest().subarray(0, 16),
    notBeforeMs: 0,
  })
  return { privateKey, certificate: new X509Certificate(certificate) }
}

const ours = signerOf('ours')
const theirs = signerOf('theirs')
const program = smallPe({ '.text': Buffer.alloc(700, 1), '.data': Buffer.alloc(10, 2) })

function signed(signer: Signer, bytes: Uint8Array = program): Buffer {
  const result = signEfi(bytes, signer)
  assert.ok(result.ok)
  return result.bytes
}

function digest(bytes: Uint8Array): string {
  const result = authenticodeDigest(bytes)
  assert.ok(result.ok)
  return result.digest.toString('hex')
}

const refusal = (bytes: Uint8Array, trusted = [ours.certificate]): EfiRefusal | 'ok' => {
  const verdict = verifyEfi(bytes, trusted)
  return verdict.ok ? 'ok' : verdict.reason
}

describe('the signature of an EFI program', () => {
  test('holds for whoever trusts the signer', () => {
    const verdict = verifyEfi(signed(ours), [theirs.certificate, ours.certificate])
    assert.ok(verdict.ok)
    assert.match(verdict.signer, /O=Test, CN=ours/)
  })

  test('does not hold for whoever trusts somebody else, or nobody', () => {
    assert.equal(refusal(signed(theirs)), 'UnknownSigner')
    assert.equal(refusal(signed(ours), []), 'UnknownSigner')
  })

  test('is missed where there is none', () => {
    assert.equal(refusal(program), 'Unsigned')
  })

  test('leaves the digest of the program as it was, and is the same each time', () => {
    assert.equal(digest(signed(ours)), digest(program))
    assert.deepEqual(signed(ours), signed(ours))
    assert.equal(
      digest(Buffer.concat([program, Buffer.from('abc')])),
      digest(signed(ours, Buffer.concat([program, Buffer.from('abc')]))),
    )
  })

  test('takes the place of one that was there', () => {
    assert.deepEqual(signed(ours, signed(theirs)), signed(ours))
  })

  test('covers every byte but the checksum and the place of the signature', () => {
    const whole = signed(ours)
    const read = readPe(whole)
    assert.ok(read.ok)
    const { checksumOffset, certificateEntryOffset, certificates } = read.image
    const free = (at: number) =>
      (at >= checksumOffset && at < checksumOffset + 4) ||
      (at >= certificateEntryOffset && at < certificateEntryOffset + 8)
    for (let at = 0; at < certificates.offset; at += 11) {
      if (free(at)) continue
      const changed = Buffer.from(whole)
      changed[at]! ^= 0x10
      assert.notEqual(refusal(changed), 'ok', `byte ${at}`)
    }
    const checksum = Buffer.from(whole)
    checksum.writeUInt32LE(7, checksumOffset)
    assert.equal(refusal(checksum), 'ok')
  })

  test('does not move to another program', () => {
    const whole = signed(ours)
    const read = readPe(whole)
    assert.ok(read.ok)
    const other = Buffer.from(whole)
    other[600]! ^= 1
    assert.equal(refusal(other), 'Changed')
  })

  test('cut off at any place is refused and never throws', () => {
    const whole = signed(ours)
    for (let length = 0; length < whole.length; length += 7)
      assert.notEqual(refusal(whole.subarray(0, length)), 'ok', `${length} bytes`)
  })

  test('with any bytes changed in it, or behind it, never throws', () => {
    const whole = signed(ours)
    const random = seededRandom(3)
    const read = readPe(whole)
    assert.ok(read.ok)
    const start = read.image.certificates.offset
    for (let round = 0; round < 500; round += 1) {
      const changed = Buffer.from(whole)
      const from = round % 3 === 0 ? 0 : start
      for (let bytes = 0; bytes <= round % 4; bytes += 1)
        changed[from + Math.floor(random.next() * (whole.length - from))] = Math.floor(
          random.next() * 256,
        )
      refusal(changed)
    }
    assert.equal(refusal(Buffer.concat([whole, Buffer.alloc(8)])), 'NotEfi')
  })
})

describe('EFI programs that cannot be', () => {
  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(4096)],
    ['a script', Buffer.from('#!/bin/sh\n'.repeat(100))],
    ['MZ and nothing else', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(62, 0xff)])],
    ['a header far behind the end', patched(0x3c, 0xffff_fff0)],
    ['65535 sections', patched(0x46, 0xffff_ffff)],
    ['headers of 4 GiB', patched(0x58 + 60, 0xffff_ffff)],
    ['a section far behind the end', patched(0x58 + 240 + 20, 0xffff_fe00)],
    ['a section of 4 GiB', patched(0x58 + 240 + 16, 0xffff_ffff)],
    ['overlapping sections', patched(0x58 + 240 + 40 + 20, 512)],
    ['a signature far behind the end', patched(0x58 + 112 + 36, 0xffff_fff8)],
  ] as const)
    test(`${what}: is refused`, () => {
      assert.equal(refusal(bytes), 'NotEfi')
      assert.equal(signEfi(bytes, ours).ok, false)
    })

  function patched(at: number, value: number): Buffer {
    const bytes = smallPe({ '.text': Buffer.alloc(600, 1), '.data': Buffer.alloc(10, 2) })
    bytes.writeUInt32LE(value, at)
    return bytes
  }
})
