import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ElfLayoutError, privateLoader, withInterpreter } from './private-elf.ts'

/** The smallest program that names a loader. */
function elfWith(interpreter: string): Buffer {
  const bytes = Buffer.alloc(64 + 56 + 100)
  bytes.writeUInt32BE(0x7f454c46, 0)
  bytes[4] = 2
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt32LE(3, 64)
  bytes.writeBigUInt64LE(120n, 64 + 8)
  bytes.writeBigUInt64LE(BigInt(interpreter.length + 1), 64 + 32)
  bytes.write(`${interpreter}\0rest`, 120)
  return bytes
}

describe('withInterpreter', () => {
  test('overwrites the path where it stands and nothing else', () => {
    const before = elfWith('/lib64/ld-linux-x86-64.so.2')
    const after = Buffer.from(withInterpreter(before, '/usr/lib/skerry/ld.so'))
    assert.equal(after.toString('latin1', 120, 120 + 22), '/usr/lib/skerry/ld.so\0')
    assert.equal(after.toString('latin1', 148, 152), 'rest')
    assert.equal(before.toString('latin1', 120, 127), '/lib64/', 'the input is left alone')
  })

  test('refuses a path that would need more room', () => {
    assert.throws(() => withInterpreter(elfWith('/lib/ld.so'), '/usr/lib/skerry/ld.so'), {
      name: 'ElfLayoutError',
      message: /more than the 10 bytes/,
    })
  })

  test('refuses what is no program, is cut short or names no loader', () => {
    const cut = elfWith('/lib64/ld-linux-x86-64.so.2').subarray(0, 100)
    const far = elfWith('/lib64/ld-linux-x86-64.so.2')
    far.writeBigUInt64LE(1n << 60n, 64 + 8)
    const none = elfWith('/lib64/ld-linux-x86-64.so.2')
    none.writeUInt32LE(1, 64)
    for (const bytes of [Buffer.alloc(0), Buffer.from('#!/bin/sh'), cut, far, none])
      assert.throws(() => withInterpreter(bytes, '/x'), ElfLayoutError)
  })
})

describe('privateLoader', () => {
  const loader = Buffer.from(
    '\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/etc/ld.so.cache\0/etc/ld.so.preload\0',
  )

  test('looks in one directory and in no cache, and keeps its size', () => {
    const made = Buffer.from(privateLoader(loader, '/usr/lib/skerry/lib/'))
    assert.equal(made.length, loader.length)
    const texts = made.toString('latin1').split('\0')
    assert.deepEqual(texts.slice(1, 4), [
      '/usr/lib/skerry/lib///',
      '/usr/lib/skerry/lib///////',
      '/lib/',
    ])
    assert.doesNotMatch(made.toString('latin1'), /ld\.so\.(cache|preload)/)
  })

  test('refuses a loader that is not laid out as it knows it', () => {
    assert.throws(() => privateLoader(Buffer.from('musl'), '/usr/lib/skerry/lib/'), ElfLayoutError)
    assert.throws(() => privateLoader(loader, '/a/directory/with/a/long/name/'), ElfLayoutError)
  })
})
