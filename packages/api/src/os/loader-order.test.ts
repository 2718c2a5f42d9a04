import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type LoaderEntry,
  chooseEntry,
  isSeenByLoader,
  readCounter,
  sortEntries,
} from './loader-order.ts'

const entry = (fileName: string, version?: string, sortKey = 'skerry'): LoaderEntry => ({
  fileName,
  sortKey,
  version,
})
const chosen = (...entries: LoaderEntry[]) => chooseEntry(entries)?.fileName

test('the newest version that has tries left is started, whatever its name', () => {
  assert.equal(
    chosen(entry('skerry-ffff.efi', '1.9'), entry('skerry-0000+3.efi', '1.10')),
    'skerry-0000+3.efi',
  )
  assert.equal(
    chosen(entry('skerry-0000+0-3.efi', '1.10'), entry('skerry-ffff.efi', '1.9')),
    'skerry-ffff.efi',
  )
  assert.equal(
    chosen(entry('skerry-0000+1-2.efi', '1.10'), entry('skerry-ffff.efi', '1.9')),
    'skerry-0000+1-2.efi',
  )
})

test('when all are exhausted the newest is started all the same', () => {
  assert.equal(chosen(entry('a+0-3.efi', '1'), entry('b+0-3.efi', '2')), 'b+0-3.efi')
})

test('a name of ours is started before any other, until its tries are used up', () => {
  const torn = entry('SKERRY~2.EFI', '9')
  assert.equal(chosen(torn, entry('skerry-aa+1.efi', '1')), 'skerry-aa+1.efi')
  assert.equal(
    chosen(entry('debian.efi', '9', 'aaa'), entry('skerry-aa.efi', '1')),
    'skerry-aa.efi',
  )
  assert.equal(chosen(torn, entry('skerry-aa+0-3.efi', '1')), 'SKERRY~2.EFI')
})

test('of one version the greater name is started, of one name the one with more tries', () => {
  assert.equal(chosen(entry('skerry-aa.efi', '1'), entry('skerry-bb.efi', '1')), 'skerry-bb.efi')
  assert.equal(chosen(entry('a+1-2.efi', '1'), entry('a+3.efi', '1')), 'a+3.efi')
  assert.equal(chosen(entry('a+2-5.efi', '1'), entry('a+2-1.efi', '1')), 'a+2-1.efi')
})

test('another sort key comes first by its letters, none comes last', () => {
  const names = sortEntries([
    { fileName: 'z.efi' },
    entry('a.efi', '1', 'skerry'),
    entry('b.efi', '9', 'zebra'),
  ]).map(({ fileName }) => fileName)
  assert.deepEqual(names, ['a.efi', 'b.efi', 'z.efi'])
})

test('what begins with a dot, ends otherwise or begins with auto- is not seen', () => {
  for (const name of ['.new-a.efi', 'a.efi.tmp', 'auto-x.efi', 'a.conf', '.efi'])
    assert.equal(isSeenByLoader(name), false, name)
  assert.ok(isSeenByLoader('A.EFI'))
  assert.equal(chosen(entry('.new-a.efi', '9')), undefined)
})

test('counters are read as the loader reads them, and move on as it moves them', () => {
  assert.deepEqual(readCounter('Skerry-A+3.efi'), {
    id: 'skerry-a.efi',
    triesLeft: 3,
    triesDone: 0,
    nextName: 'Skerry-A+2-1.efi',
  })
  assert.equal(readCounter('a+0-3.efi').nextName, 'a+0-4.efi')
  for (const name of ['a+3', 'a+.efi', 'a+3-.efi', 'a+3x.efi', 'a+99999999999.efi', 'a.efi'])
    assert.equal(readCounter(name).triesLeft, undefined, name)
  assert.equal(readCounter('a+1+2.efi').id, 'a+1.efi')
})
