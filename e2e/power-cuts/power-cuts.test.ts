import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesView } from '@skerry/factory/lab/disk-view'
import type { InspectedDisk, InspectedEntry } from '@skerry/factory/lab/inspected-disk'
import type { LoggedWrite } from '@skerry/factory/lab/write-log'
import { chooseStates, tellingEntries } from './chosen-states.ts'
import { survivesCut } from './cut-rule.ts'
import { type CutRow, describeProblems, formatTable, isAsPromised } from './cut-table.ts'
import { splicedView } from './spliced-view.ts'

function disk(...entries: readonly Partial<InspectedEntry>[]): InspectedDisk {
  return {
    isTableFromBackup: false,
    brokenLoaders: [],
    entries: entries.map((entry, index) => ({
      fileName: `${index}.efi`,
      id: `${index}.efi`,
      sizeBytes: 1,
      imageId: `${index}`,
      sortKey: 'skerry',
      ...entry,
    })),
    leftovers: [],
    slots: [],
    data: '',
  }
}

const rule = survivesCut(['bad'])

test('an image with tries left must have another behind it, and nothing may be broken', () => {
  assert.deepEqual(rule(disk({})), [])
  assert.deepEqual(rule(disk({ triesLeft: 3 }, {})), [])
  assert.match(rule(disk({ triesLeft: 3 }))[0]!, /no other image stands behind it/)
  // The same image under a second name helps nobody, and neither does one that is not whole.
  const again = disk({ triesLeft: 3, imageId: 'a' }, { triesLeft: 0, imageId: 'a' })
  assert.match(rule(again).join(), /no other image/)
  const broken = rule(disk({ triesLeft: 3 }, { problem: 'is no kernel' }))
  assert.equal(broken.length, 2)
  assert.match(rule(disk())[0]!, /finds no entry/)
  // Never come to, behind one that is kept; come to when the tries of the first are lost.
  const halfGone = { triesLeft: 0, problem: 'is no kernel' }
  assert.deepEqual(rule(disk({}, halfGone)), [])
  assert.match(rule(disk({ triesLeft: 1 }, halfGone, {})).join(), /1.efi is no kernel/)
  // Set aside, and all there is: it starts, and was good.
  assert.deepEqual(rule(disk({ fileName: 'x+0-1.efi', triesLeft: 0 })), [])
})

test('a bad image is not what is left when its tries are used up', () => {
  const bad = { fileName: 'x+2-1.efi', triesLeft: 2, triesDone: 1, imageId: 'bad', version: '2' }
  const good = { fileName: 'y.efi', version: '1' }
  assert.deepEqual(rule(disk(bad, good)), [])
  // A torn rename leaves the short name, which has no counter: only names of ours stand before it.
  const ours = { ...good, fileName: 'skerry-y.efi' }
  const torn = { ...bad, fileName: 'SKERRY~2.EFI', triesLeft: undefined, triesDone: undefined }
  assert.match(rule(disk(torn, good))[0]!, /SKERRY~2.EFI is started for ever/)
  assert.deepEqual(rule(disk(ours, torn)), [])
  assert.match(rule(disk(bad)).join(), /no other image.*x\+0-3.efi is started for ever/)
})

const write = (firstSector: number, sectors = 1): LoggedWrite => ({
  kind: 'write',
  firstSector,
  sectors,
  position: 0,
  isDurable: false,
})

const flush: LoggedWrite = { ...write(0, 0), kind: 'flush' }

test('chosen are a few writes to the ESP and any others, the same for a seed', () => {
  const esp = { first: 100, end: 200 }
  const kernel = Array.from({ length: 50 }, (_, index) => write(100 + index))
  const entries = [write(5), write(150), flush, ...kernel, flush, write(300), write(120)]
  const telling = tellingEntries(entries, esp)
  assert.deepEqual(telling, [2, entries.length])
  const chosen = chooseStates(entries, esp, { count: 12, seed: 2 })
  assert.deepEqual(chosen, chooseStates(entries, esp, { count: 12, seed: 2 }))
  assert.equal(chosen.filter(({ loseSeed }) => loseSeed !== undefined).length, 6)
  assert.ok(chosen.filter((cut) => telling.includes(cut.entries)).length >= 6)
  assert.ok(chosen.every((cut) => cut.entries >= 1 && cut.entries <= entries.length))
  assert.deepEqual(chooseStates([], esp, { count: 3, seed: 2 }), [])
})

test('a part of a disk is replaced, across its edges too', () => {
  const view = splicedView(bytesView(Buffer.from('abcdefgh')), 2, bytesView(Buffer.from('XYZ')))
  assert.equal(view.read(0, 8).toString(), 'abXYZfgh')
  assert.equal(view.read(1, 2).toString(), 'bX')
  assert.equal(view.read(3, 1).toString(), 'Y')
  assert.equal(view.read(4, 4).toString(), 'Zfgh')
  assert.throws(() => view.read(4, 5), RangeError)
})

function row(isControl: boolean, violationCount: number): CutRow {
  const violations = Array.from({ length: violationCount }, () => ({ entries: 7, message: 'bad' }))
  const counts = { entries: 10, flushes: 3, writtenBytes: 4096, states: 11, lostWriteStates: 20 }
  return {
    run: { name: 'upgrade', what: 'an upgrade', seconds: 1 },
    isControl,
    inspected: {
      ...counts,
      sampledStates: 0,
      violationCount,
      violations,
      timeline: [],
      espWrites: 2,
      looks: [{ cut: { entries: 3 }, problems: [] }],
      processorSeconds: 1,
    },
    booted: [],
  }
}

test('a run promises no violation and a control at least one', () => {
  assert.ok(isAsPromised(row(false, 0)))
  assert.ok(!isAsPromised(row(false, 1)))
  assert.ok(!isAsPromised(row(true, 0)))
  assert.ok(isAsPromised(row(true, 1)))
  const looked = row(false, 0)
  const looks = [{ cut: { entries: 3, loseSeed: 9 }, problems: ['ESP'] }]
  const bad = { ...looked, inspected: { ...looked.inspected, looks } }
  assert.ok(!isAsPromised(bad))
  assert.deepEqual(describeProblems(bad), [
    'upgrade, after 3 entries, losses of seed 9, looked into: ESP',
  ])
  assert.match(
    formatTable([row(false, 0)]),
    /\| upgrade \| 7 \| 2 \| 3 \| 11 \| 20 \| 0 \| 1 of 1 \|/,
  )
})
