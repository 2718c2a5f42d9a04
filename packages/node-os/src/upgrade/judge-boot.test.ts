import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OsOutcome } from '@skerry/api/os/os-report'
import type { BootStarts } from './boot-starts.ts'
import { type JudgeFacts, type JudgedEntry, judgeBoot } from './judge-boot.ts'
import { foldRecords } from './os-history.ts'
import type { BootRecord, IntentRecord, OsRecord, StepRecord } from './os-record.ts'

const time = '2026-11-21T00:00:00Z'
const oldId = 'a'.repeat(32)
const newId = 'b'.repeat(32)
const otherId = 'c'.repeat(32)

const intent = (fields: Partial<IntentRecord> = {}): IntentRecord => ({
  kind: 'Intent',
  time,
  bootId: 'b1',
  imageId: newId,
  version: '2.0.0',
  digest: 'sha256:2',
  attempt: 1,
  didHubAnswer: true,
  hadNetwork: true,
  isBack: false,
  setAside: [],
  ...fields,
})
const back = intent({ isBack: true, setAside: [oldId], version: '0.9.0' })
const boot = (imageId: string, bootId: string, wasReset?: boolean): BootRecord => ({
  kind: 'Boot',
  time,
  bootId,
  imageId,
  wasReset,
})
const verdict: OsRecord = {
  kind: 'Verdict',
  time,
  bootId: 'b2',
  imageId: newId,
  message: 'the model digits does not answer',
}
const panic: OsRecord = {
  kind: 'Panic',
  time,
  file: 'dmesg-1',
  text: 'Kernel panic - not syncing: VFS: Unable to mount root',
}
const step = (name: StepRecord['step'], bootId = 'b1'): StepRecord => ({
  kind: 'Step',
  time,
  bootId,
  imageId: newId,
  version: '2.0.0',
  digest: 'sha256:2',
  slot: 'slot-b',
  step: name,
})
const outcome = (result: OsOutcome['result'], bootId = 'b5', imageId = newId): OsRecord => ({
  kind: 'Outcome',
  bootId,
  outcome: {
    time,
    result,
    evidence: 'None',
    imageId,
    version: '2.0.0',
    digest: 'sha256:2',
    message: 'told before',
  },
})
const installed: OsRecord = { kind: 'Installed', time, imageId: newId }
const dropped: OsRecord = { kind: 'Dropped', time, imageId: newId }

type Counter = `+${number}` | `+${number}-${number}` | ''
const entry = (counter: Counter, fields: Partial<JudgedEntry> = {}): JudgedEntry => {
  const [left, done = '0'] = counter.slice(1).split('-')
  return {
    imageId: newId,
    version: '2.0.0',
    isHidden: false,
    isUsable: true,
    trust: 'Known',
    ...(counter === '' ? {} : { tries: { left: Number(left), done: Number(done) } }),
    ...fields,
  }
}
const old = entry('', { imageId: oldId, version: '1.0.0' })

type Case = {
  /** Journal, oldest first. */
  readonly journal: readonly OsRecord[]
  readonly entries: readonly JudgedEntry[]
  readonly running?: string
  readonly next?: string
  readonly secureBoot?: boolean
  /** What the initrd counted of the new image. */
  readonly starts?: Omit<BootStarts, 'imageId'>
  /** Result and evidence of each outcome, and words that its message must have. */
  readonly says: readonly (readonly [OsOutcome['result'], OsOutcome['evidence'], RegExp])[]
}

/** The new image was tried by the loader until its tries were used up. */
const tried = [boot(oldId, 'b1'), intent()]

const cases: Readonly<Record<string, Case>> = {
  'nothing was begun, so nothing is said': {
    journal: [boot(oldId, 'b9')],
    entries: [old],
    says: [],
  },
  'an empty journal and a blessed image say nothing': { journal: [], entries: [old], says: [] },
  'a blessed new image succeeded': {
    journal: [...tried, boot(newId, 'b2')],
    entries: [entry(''), old],
    running: newId,
    says: [['Succeeded', 'None', /2\.0\.0 started, was found healthy/]],
  },
  'tries that ended in the initrd say so, with its words': {
    journal: [...tried, boot(oldId, 'b9')],
    entries: [entry('+0-3'), old],
    starts: { starts: 3, handovers: 0, resets: 0, words: 'no slot holds it' },
    says: [
      [
        'Inconclusive',
        'None',
        /kernel was started 3 times, and it never came as far as its init \(it said: no slot/,
      ],
    ],
  },
  'tries that reached an init and no agent say so, and twice is enough': {
    journal: [...tried, outcome('Inconclusive', 'b2'), boot(oldId, 'b9')],
    entries: [entry('+0-6'), old],
    starts: { starts: 6, handovers: 4, resets: 0, words: '' },
    says: [['FellBack', 'Hang', /its init was started 4 times, and its agent never said a word/]],
  },
  'a reset that the initrd saw is evidence of a hang': {
    journal: [...tried, boot(oldId, 'b9')],
    entries: [entry('+0-3'), old],
    starts: { starts: 3, handovers: 0, resets: 2, words: '' },
    says: [['FellBack', 'Hang', /the watchdog reset the machine before/]],
  },
  'an image that the initrd gave up is looked into first': {
    journal: [
      { kind: 'Blessed', time, imageId: newId },
      {
        kind: 'Suspect',
        time,
        bootId: 'b9',
        imageId: newId,
        version: '2.0.0',
        starts: 5,
        handovers: 0,
        resets: 0,
        words: '',
      },
    ],
    entries: [entry('+0-5'), old],
    says: [],
  },
  'a counted new image is still on trial': {
    journal: [...tried, boot(newId, 'b9')],
    entries: [entry('+2-1'), old],
    running: newId,
    says: [],
  },
  'a new image on its last try is still on trial': {
    journal: [...tried, boot(newId, 'b9')],
    entries: [entry('+0-3'), old],
    running: newId,
    says: [],
  },
  'a blessed image that was named before is not named again': {
    journal: [...tried, boot(newId, 'b2'), outcome('Succeeded', 'b2')],
    entries: [entry(''), old],
    running: newId,
    says: [],
  },
  'an older image that was started on purpose went back': {
    journal: [back, boot(newId, 'b2')],
    entries: [entry(''), entry('+0-1', { imageId: oldId })],
    running: newId,
    says: [['WentBack', 'None', /on purpose/]],
  },
  'a running image without an entry is not judged before it is mended': {
    journal: [...tried, boot(newId, 'b2')],
    entries: [old],
    running: newId,
    says: [],
  },
  'a running image whose entry lost its content is not judged before it is mended': {
    journal: [...tried, boot(newId, 'b2')],
    entries: [entry('', { isUsable: false }), old],
    running: newId,
    says: [],
  },
  'the gate found it unhealthy': {
    journal: [...tried, boot(newId, 'b2'), verdict],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'Gate', /the model digits does not answer\. .* runs again/]],
  },
  'the gate found it unhealthy on the second of three boots': {
    journal: [...tried, boot(newId, 'b2'), boot(newId, 'b3'), verdict, boot(newId, 'b4')],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'Gate', /not healthy/]],
  },
  'a verdict counts more than a panic': {
    journal: [...tried, boot(newId, 'b2'), verdict, panic],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'Gate', /not healthy/]],
  },
  'its kernel panicked before user space': {
    journal: [...tried, boot(oldId, 'b5'), panic],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'Panic', /VFS: Unable to mount root/]],
  },
  'its kernel panicked after user space': {
    journal: [...tried, boot(newId, 'b2'), boot(oldId, 'b5'), panic],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'Panic', /kernel panicked/]],
  },
  'a panic from before the switch says nothing of the new image': {
    journal: [panic, ...tried, boot(oldId, 'b5')],
    entries: [entry('+0-3'), old],
    says: [['Inconclusive', 'None', /never reached its user space/]],
  },
  'an unsigned kernel was refused where Secure Boot is on': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+0-3', { trust: 'Unsigned' }), old],
    secureBoot: true,
    says: [['FellBack', 'Loader', /not signed.*Sign it/]],
  },
  'a kernel of a foreign key was refused where Secure Boot is on': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+0-3', { trust: 'Foreign' }), old],
    secureBoot: true,
    says: [['FellBack', 'Loader', /a key that the firmware does not hold/]],
  },
  'an unsigned kernel is no reason where Secure Boot is off': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+0-3', { trust: 'Unsigned' }), old],
    secureBoot: false,
    says: [['Inconclusive', 'None', /nothing speaks against it/]],
  },
  'an unsigned kernel is no reason where nobody knows of Secure Boot': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+0-3', { trust: 'Unsigned' }), old],
    says: [['Inconclusive', 'None', /nothing speaks against it/]],
  },
  'a kernel that came to its user space was not refused': {
    journal: [...tried, boot(newId, 'b2'), boot(oldId, 'b5')],
    entries: [entry('+0-3', { trust: 'Foreign' }), old],
    secureBoot: true,
    says: [['Inconclusive', 'None', /reached its user space once/]],
  },
  'firmware whose keys cannot be read says nothing': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+0-3', { trust: 'Unknown' }), old],
    secureBoot: true,
    says: [['Inconclusive', 'None', /a refusal by the firmware, a panic, a hang or a power cut/]],
  },
  'the watchdog reset it in its user space': {
    journal: [...tried, boot(newId, 'b2'), boot(newId, 'b3', true), boot(oldId, 'b5')],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'Hang', /started its user space twice|2 times.*watchdog|it hung/]],
  },
  'the watchdog reset it before its user space': {
    journal: [...tried, boot(oldId, 'b5', true)],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'Hang', /before it reached its user space/]],
  },
  'a watchdog that ended the old image says nothing of the new one': {
    journal: [...tried, boot(newId, 'b2', true), boot(oldId, 'b5')],
    entries: [entry('+0-3'), old],
    says: [['Inconclusive', 'None', /never came to a verdict/]],
  },
  'a supply that flickered three times early is inconclusive': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+0-3'), old],
    says: [['Inconclusive', 'None', /used up its 3 tries.*It gets 3 more/]],
  },
  'a supply that flickered three times late is inconclusive': {
    journal: [...tried, boot(newId, 'b2'), boot(newId, 'b3'), boot(newId, 'b4'), boot(oldId, 'b5')],
    entries: [entry('+0-3'), old],
    says: [['Inconclusive', 'None', /reached its user space 3 times/]],
  },
  'an inconclusive end is told once, whatever was cut after it': {
    journal: [...tried, boot(oldId, 'b5'), outcome('Inconclusive'), boot(oldId, 'b6')],
    entries: [entry('+0-3'), old],
    says: [],
  },
  'the second round is waited for in the boot in which it was given': {
    journal: [...tried, boot(oldId, 'b9'), outcome('Inconclusive', 'b9')],
    entries: [entry('+3-3'), old],
    next: newId,
    says: [],
  },
  'a second round that reached user space and ended without a verdict is a hang': {
    journal: [...tried, boot(oldId, 'b5'), outcome('Inconclusive'), boot(newId, 'b6')],
    entries: [entry('+0-6'), old],
    says: [['FellBack', 'Hang', /after 6 tries in two rounds/]],
  },
  'a second round that never reached user space is given up without evidence': {
    journal: [...tried, boot(oldId, 'b5'), outcome('Inconclusive'), boot(oldId, 'b8')],
    entries: [entry('+0-6'), old],
    says: [['FellBack', 'None', /in two rounds/]],
  },
  'a second round in which it was healthy succeeded': {
    journal: [...tried, boot(oldId, 'b5'), outcome('Inconclusive'), boot(newId, 'b6')],
    entries: [entry(''), old],
    running: newId,
    says: [['Succeeded', 'None', /kept/]],
  },
  'a second round with a verdict fell back for it': {
    journal: [...tried, boot(oldId, 'b5'), outcome('Inconclusive'), boot(newId, 'b6'), verdict],
    entries: [entry('+0-6'), old],
    says: [['FellBack', 'Gate', /does not answer/]],
  },
  'a second round that the name of the entry tells needs no journal to be the last': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+0-6'), old],
    says: [['FellBack', 'None', /6 tries/]],
  },
  'going back to an image that is not well either fell back': {
    journal: [back, boot(newId, 'b2'), verdict, boot(oldId, 'b5')],
    entries: [entry('+0-3'), entry('+0-2', { imageId: oldId })],
    says: [['FellBack', 'Gate', /0\.9\.0 was given up/]],
  },
  'an intent without a switch was interrupted': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [old],
    says: [['Interrupted', 'None', /before 2\.0\.0 was the next to start \(step 6\)/]],
  },
  'an intent whose kernel is still hidden was interrupted': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('', { isHidden: true }), old],
    says: [['Interrupted', 'None', /step 6/]],
  },
  'a switch whose entry lost its content was interrupted': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+3', { isUsable: false }), old],
    says: [['Interrupted', 'None', /not whole/]],
  },
  'a blessing whose entry lost its content is told as one': {
    journal: [...tried, boot(newId, 'b2'), boot(oldId, 'b5')],
    entries: [entry('', { isUsable: false }), old],
    says: [['Interrupted', 'None', /had started.*while it was being renamed/]],
  },
  'an intent of this very boot is not judged yet': {
    journal: [boot(oldId, 'b9'), intent({ bootId: 'b9' })],
    entries: [old],
    says: [],
  },
  'a switch of this very boot waits for the restart': {
    journal: [boot(oldId, 'b9'), intent({ bootId: 'b9' })],
    entries: [entry('+3'), old],
    next: newId,
    says: [],
  },
  'going back that was cut between its two names was interrupted': {
    journal: [back, boot(oldId, 'b5')],
    entries: [entry('+3'), old],
    next: oldId,
    says: [['Interrupted', 'None', /while 0\.9\.0 was being made the next to start/]],
  },
  'an image that the firmware passed over is inconclusive': {
    journal: [...tried, boot(oldId, 'b5')],
    entries: [entry('+3'), old],
    next: newId,
    says: [['Inconclusive', 'None', /loader\.conf or a firmware setting names a default/]],
  },
  'an image that was passed over twice is given up': {
    journal: [...tried, boot(oldId, 'b5'), outcome('Inconclusive'), boot(oldId, 'b6')],
    entries: [entry('+3'), old],
    next: newId,
    says: [['FellBack', 'None', /happened twice/]],
  },
  'a switch that was dropped says nothing': {
    journal: [...tried, dropped, boot(oldId, 'b5')],
    entries: [old],
    says: [],
  },
  'the power was cut while the file system was written': {
    journal: [step('fetching its kernel'), step('writing its file system'), boot(oldId, 'b5')],
    entries: [old],
    says: [['Interrupted', 'None', /during step 3 .*writing its file system, slot-b/]],
  },
  'the power was cut while the kernel was brought onto the ESP': {
    journal: [step('bringing its kernel onto the ESP'), boot(oldId, 'b5')],
    entries: [old],
    says: [['Interrupted', 'None', /step 6/]],
  },
  'an installation of this very boot goes on': {
    journal: [boot(oldId, 'b9'), step('writing its file system', 'b9')],
    entries: [old],
    says: [],
  },
  'an installation that ended says nothing': {
    journal: [step('bringing its kernel onto the ESP'), installed, boot(oldId, 'b5')],
    entries: [old],
    says: [],
  },
  'an installation that was cut is told once': {
    journal: [step('writing its file system'), boot(oldId, 'b5'), outcome('Interrupted')],
    entries: [old],
    says: [],
  },
  'used-up tries that the journal knows nothing of are told': {
    journal: [boot(oldId, 'b5')],
    entries: [entry('+0-3'), old],
    says: [['FellBack', 'None', /the journal does not know why/]],
  },
  'used-up tries of an unsigned kernel are told with the reason, even without a journal': {
    journal: [],
    entries: [entry('+0-3', { trust: 'Unsigned' }), old],
    secureBoot: true,
    says: [['FellBack', 'Loader', /not signed/]],
  },
  'an image that was put behind on purpose did not fail': {
    journal: [back, outcome('WentBack'), boot(newId, 'b5')],
    entries: [entry(''), entry('+0-1', { imageId: oldId })],
    running: newId,
    says: [],
  },
  'a failure that was told is not told again': {
    journal: [...tried, boot(oldId, 'b5'), outcome('FellBack')],
    entries: [entry('+0-3'), old],
    says: [],
  },
  'an image that failed long ago does not hide that another one fails now': {
    journal: [outcome('FellBack', 'b0', otherId), ...tried, boot(newId, 'b2'), verdict],
    entries: [entry('+0-3'), entry('+0-3', { imageId: otherId }), old],
    says: [['FellBack', 'Gate', /2\.0\.0/]],
  },
  'a retry after a failure is judged anew': {
    journal: [
      ...tried,
      outcome('FellBack'),
      intent({ bootId: 'b6', attempt: 2 }),
      boot(newId, 'b7'),
    ],
    entries: [entry(''), old],
    running: newId,
    says: [['Succeeded', 'None', /healthy/]],
  },
  'the verdict of an earlier attempt does not count against the next': {
    journal: [...tried, verdict, outcome('FellBack'), intent({ bootId: 'b6' }), boot(oldId, 'b8')],
    entries: [entry('+0-3'), old],
    says: [['Inconclusive', 'None', /nothing speaks against it/]],
  },
}

describe('what happened', () => {
  for (const [name, { journal, entries, running = oldId, next, says, ...more }] of Object.entries(
    cases,
  ))
    it(name, () => {
      const facts: JudgeFacts = {
        time,
        bootId: 'b9',
        running: { imageId: running, version: running === oldId ? '1.0.0' : '2.0.0' },
        history: foldRecords(journal),
        entries,
        next,
        secureBoot: more.secureBoot,
        ...(more.starts && { starts: new Map([[newId, { imageId: newId, ...more.starts }]]) }),
      }
      const outcomes = judgeBoot(facts)
      assert.deepEqual(
        outcomes.map(({ result, evidence }) => [result, evidence]),
        says.map(([result, evidence]) => [result, evidence]),
        outcomes.map(({ message }) => message).join('\n'),
      )
      for (const [index, [, , words]] of says.entries())
        assert.match(outcomes[index]!.message, words)
      // Told once: with these in the journal the same facts say nothing more.
      const told = outcomes.map(
        (each) => ({ kind: 'Outcome', bootId: 'b9', outcome: each }) as const,
      )
      const history = foldRecords([...journal, ...told])
      assert.deepEqual(judgeBoot({ ...facts, history }), [])
    })
})
