import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  blessedName,
  countedName,
  hiddenName,
  isSecondRound,
  parseEntryName,
} from './entry-name.ts'
import { loaderOrder } from './loader-order.ts'

it('names of entries say what is left of their tries, and nothing else is ours', () => {
  const id = '0123456789abcdef0123456789abcdef'
  assert.deepEqual(parseEntryName(countedName(id, 2, 1)), {
    file: 'skerry-0123456789ab+2-1.efi',
    prefix: '0123456789ab',
    isHidden: false,
    tries: { left: 2, done: 1 },
  })
  assert.equal(parseEntryName(blessedName(id))?.tries, undefined)
  assert.deepEqual(parseEntryName('SKERRY-0123456789AB+3.EFI')?.tries, { left: 3, done: 0 })
  assert.equal(parseEntryName(hiddenName(id))?.isHidden, true)
  assert.equal(isSecondRound(parseEntryName(countedName(id, 3, 3))!), true)
  assert.equal(isSecondRound(parseEntryName(countedName(id, 0, 3))!), false)
  for (const foreign of [
    'debian.efi',
    'skerry-0123456789ab.efi.bak',
    'skerry-0123456789a.efi',
    'skerry-0123456789ab+.efi',
    'skerry-0123456789ab+3-.efi',
    'skerry-0123456789ab+999999.efi',
    '.new-uki',
    '../skerry-0123456789ab.efi',
    '',
  ])
    assert.equal(parseEntryName(foreign), undefined, foreign)
})

it('the loader starts the newest that has tries left, and used-up ones last', () => {
  const entry = (name: string, version: string | undefined, sizeBytes = 1) => ({
    ...parseEntryName(name)!,
    version,
    sizeBytes,
  })
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(32))
  const [a, b, c, d, e, f] = ids as [string, string, string, string, string, string]
  const order = loaderOrder([
    entry(countedName(a, 0, 3), '9.0.0'),
    entry(blessedName(b), '1.0.0'),
    entry(countedName(c, 1, 2), '1.0.1'),
    entry(hiddenName(d), '8.0.0'),
    entry(blessedName(e), '7.0.0', 0),
    entry(blessedName(f), undefined),
  ])
  assert.deepEqual(
    order.map(({ file }) => file),
    [countedName(c, 1, 2), blessedName(b), countedName(a, 0, 3)],
  )
})
