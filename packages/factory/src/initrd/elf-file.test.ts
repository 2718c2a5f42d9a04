import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readElf } from './elf-file.ts'
import { elfFile } from './testing/elf-file.ts'

test('the libraries and the loader of a program are read', () => {
  const bytes = elfFile({
    interpreter: '/lib64/ld-linux-x86-64.so.2',
    needed: ['libc.so.6', 'libm.so.6'],
  })
  assert.deepEqual(readElf(bytes), {
    ok: true,
    file: {
      needed: ['libc.so.6', 'libm.so.6'],
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      moduleInfo: [],
    },
  })
})

test('a kernel module says what it needs', () => {
  const lines = ['depends=dm-mod,dm-bufio', 'name=dm_verity']
  const result = readElf(elfFile({ moduleInfo: lines }))
  assert.deepEqual(result.ok && result.file.moduleInfo, lines)
})

test('the program that runs this test needs what ldd says', (t) => {
  if (process.platform !== 'linux') return t.skip('programs are ELF files on Linux alone')
  const result = readElf(readFileSync(process.execPath))
  assert.ok(result.ok)
  assert.ok(result.file.needed.some((name) => name.startsWith('libc.')))
  assert.match(result.file.interpreter ?? '', /\/ld-/)
})

test('what is not ELF, or another ELF, is said', () => {
  const said = (bytes: Uint8Array) => {
    const result = readElf(bytes)
    return result.ok ? '' : result.message
  }
  assert.match(said(new Uint8Array(0)), /not an ELF file/)
  assert.match(said(Buffer.from('#!/bin/sh\n'.repeat(20))), /not an ELF file/)
  const small = elfFile({ needed: ['libc.so.6'] })
  small[4] = 1
  assert.match(said(small), /64-bit little-endian/)
})

test('however it is cut or damaged, a file is read or refused, and never more', () => {
  const whole = elfFile({
    interpreter: '/lib64/ld.so',
    needed: ['libc.so.6', 'libm.so.6'],
    moduleInfo: ['depends=a', 'name=b'],
  })
  for (let length = 0; length < whole.length; length++) readElf(whole.subarray(0, length))
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      const damaged = Buffer.from(whole)
      damaged[at] = value
      const result = readElf(damaged)
      if (result.ok) assert.ok(result.file.needed.every((name) => name.length < 5000))
    }
  }
})

test('a table that claims more entries than a file can have is refused before it is read', () => {
  const bytes = elfFile({ needed: ['libc.so.6'] })
  bytes.writeUInt16LE(0xffff, 56)
  const result = readElf(bytes)
  assert.ok(!result.ok)
  assert.match(result.message, /65535 entries/)
})
