import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseBootStarts } from './boot-starts.ts'
import { type SuspectFacts, judgeSuspect } from './judge-suspect.ts'
import type { SuspectRecord } from './os-record.ts'

const suspect: SuspectRecord = {
  kind: 'Suspect',
  time: '2026-11-21T00:00:00.000Z',
  bootId: 'b',
  imageId: 'a'.repeat(32),
  version: '2.0.0',
  digest: 'sha256:d',
  starts: 5,
  handovers: 0,
  resets: 0,
  words: '',
}
const judged = (more: Partial<SuspectRecord>, finding: SuspectFacts['finding'] = 'Sound') =>
  judgeSuspect({ time: suspect.time, suspect: { ...suspect, ...more }, finding, running: '1.0.0' })

const verity = 'Kernel panic - not syncing: dm-verity device corrupted'
const cases: readonly [string, ReturnType<typeof judged>, string, string, RegExp][] = [
  ['a slot that decayed', judged({}, 'Decayed'), 'FellBack', 'Disk', /written anew if it is still/],
  [
    'one whose image came with the disk',
    judged({ digest: undefined }, 'Decayed'),
    'FellBack',
    'Disk',
    /came with the disk and not from a registry/,
  ],
  [
    'one that also hung: the disk is enough of a reason',
    judged({ resets: 2, panic: 'Kernel panic: x' }, 'Decayed'),
    'FellBack',
    'Disk',
    /image is not to blame/,
  ],
  [
    'a block that is right again',
    judged({ panic: verity }),
    'Inconclusive',
    'Disk',
    /fails at times/,
  ],
  [
    'a panic',
    judged({ panic: 'Kernel panic - not syncing: VFS' }),
    'FellBack',
    'Panic',
    /VFS\. It is not tried again/,
  ],
  ['a hang', judged({ resets: 2 }), 'FellBack', 'Hang', /the watchdog reset the machine 2 times/],
  ['a flicker', judged({}), 'Inconclusive', 'None', /and never reached its user space; 1\.0\.0/],
  [
    'a flicker in user space',
    judged({ handovers: 1 }),
    'Inconclusive',
    'None',
    /reached its user space once, and its agent/,
  ],
  [
    'words',
    judged({ words: 'no slot holds the image' }, 'Decayed'),
    'FellBack',
    'Disk',
    /it said: no slot holds the image\. Its slot/,
  ],
  [
    'a block that was met while it ran',
    judged({ starts: 0, panic: verity }, 'Decayed'),
    'FellBack',
    'Disk',
    /^2\.0\.0 met a damaged block of its slot while it ran\. Its slot/,
  ],
]

describe('an image that was good and did not come to health', () => {
  for (const [name, outcome, result, evidence, message] of cases)
    it(`is judged: ${name}`, () => {
      assert.deepEqual([outcome.result, outcome.evidence], [result, evidence])
      assert.match(outcome.message, message)
    })
})

it('what the initrd counted is read, and nothing else', () => {
  const { imageId } = suspect
  assert.deepEqual(parseBootStarts(imageId, '5 2 1 it\u001b[2J said\nmore'), {
    imageId,
    starts: 5,
    handovers: 2,
    resets: 1,
    words: 'it[2J said',
  })
  for (const text of ['', '5', '5 2', 'x 1 2', '5 2 x', '-1 0 0', '12345 0 0', '\0\0\0'])
    assert.equal(parseBootStarts(imageId, text), undefined, text)
})
