import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDriveLabel, volumeHeadBytes, volumeOf } from './volume-label.ts'

const head = (...parts: [number, string][]) => {
  const bytes = Buffer.alloc(volumeHeadBytes)
  for (const [offset, text] of parts) bytes.write(text, offset, 'latin1')
  return bytes
}

describe('a volume', () => {
  it('is told by its beginning', () => {
    assert.deepEqual(volumeOf(head([0x8001, 'CD001'], [0x8028, 'cidata'.padEnd(32)])), {
      format: 'iso9660',
      label: 'cidata',
    })
    assert.deepEqual(volumeOf(head([510, '\x55\xAA'], [0x36, 'FAT16   '], [0x2b, 'SKERRY     '])), {
      format: 'vfat',
      label: 'SKERRY',
    })
    assert.deepEqual(volumeOf(head([510, '\x55\xAA'], [0x52, 'FAT32   '], [0x47, 'CIDATA     '])), {
      format: 'vfat',
      label: 'CIDATA',
    })
  })

  it('that is something else, short or empty is none', () => {
    for (const bytes of [head(), head([510, '\x55\xAA']), Buffer.alloc(0), Buffer.alloc(600)])
      assert.equal(volumeOf(bytes), undefined)
  })

  it('carries a configuration by its name, however it is written', () => {
    assert.deepEqual(['cidata', 'CIDATA', 'config-2', 'SKERRY', 'data', ''].map(isDriveLabel), [
      true,
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
