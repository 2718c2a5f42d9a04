import type { OsOutcome } from '@skerry/api/os/os-report'
import type { SuspectRecord } from './os-record.ts'

/** What its slot gave when all of it was read. */
export type SlotFinding =
  /** Every block is the one that was signed. */
  | 'Sound'
  /** Some are not, or cannot be read, or no slot says that it holds the image. */
  | 'Decayed'

export type SuspectFacts = {
  readonly time: string
  readonly suspect: SuspectRecord
  readonly finding: SlotFinding
  /** Version of the image that runs. */
  readonly running: string
}

const isVerityPanic = (text: string | undefined): boolean => /verity/i.test(text ?? '')

/**
 * What became of an image that was good once and did not come to health any more. A disk that decayed speaks
 * against the disk, and a supply that flickered against nobody: neither bans an image.
 */
export function judgeSuspect({ time, suspect, finding, running }: SuspectFacts): OsOutcome {
  const { imageId, version, digest, panic, resets } = suspect
  const what = whatHappened(suspect, running)
  const say = (result: OsOutcome['result'], evidence: OsOutcome['evidence'], words: string) => ({
    time,
    imageId,
    version,
    ...(digest === undefined ? {} : { digest }),
    result,
    evidence,
    message: `${what} ${words}`,
  })
  if (finding === 'Decayed')
    return say(
      'FellBack',
      'Disk',
      `Its slot was read, and does not hold any more what was written: the disk decays, and the image is not to blame. ${
        digest === undefined
          ? 'It came with the disk and not from a registry: give the machine an image that does.'
          : 'It is written anew if it is still wanted.'
      } If this happens again, replace the disk.`,
    )
  if (isVerityPanic(panic))
    return say(
      'Inconclusive',
      'Disk',
      'Its kernel read a block of it that was not right, and now every block of its slot is: the disk, its cable or the memory fails at times. It gets counted tries if it is still wanted.',
    )
  const ban = 'It is not tried again here until the target changes or its attempt is raised.'
  if (panic !== undefined)
    return say(
      'FellBack',
      'Panic',
      `Every block of its slot is right, and its kernel panicked: ${sentence(panic)} ${ban}`,
    )
  if (resets > 0)
    return say(
      'FellBack',
      'Hang',
      `Every block of its slot is right, and the watchdog reset the machine ${times(resets)}: it hung. ${ban}`,
    )
  return say(
    'Inconclusive',
    'None',
    'Every block of its slot is right and nothing speaks against it: a supply that flickers looks like this. It gets counted tries if it is still wanted.',
  )
}

function whatHappened(suspect: SuspectRecord, running: string): string {
  const { version, starts, handovers, words } = suspect
  if (starts === 0) return `${version} met a damaged block of its slot while it ran.`
  const reached =
    handovers === 0
      ? 'and never reached its user space'
      : `reached its user space ${times(handovers)}, and its agent never said that it is well`
  const said = words === '' ? '' : ` The last time it said: ${sentence(words)}`
  return `${version} had been good, was started ${times(starts)} in a row ${reached}; ${running} runs instead.${said}`
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
