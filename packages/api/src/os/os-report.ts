import {
  type Infer,
  boolean,
  integer,
  list,
  listByKey,
  object,
  oneOf,
  optional,
  string,
  timestamp,
} from '../schema.ts'

export const osResults = [
  /** The new image is healthy and blessed. */
  'Succeeded',
  /** An older image was started on purpose, and is healthy. */
  'WentBack',
  /** The new image was tried, there is evidence against it, and the old one runs again. */
  'FellBack',
  /** Tries were lost without evidence against the image: it is given one more counted round. */
  'Inconclusive',
  /** It was never made the next to start: signature, digest, size or disk. */
  'Refused',
  /** The power went during a step; it is taken up again. */
  'Interrupted',
] as const

export const osEvidences = [
  'None',
  /** The image said of itself that it is not healthy. */
  'Gate',
  /** The kernel's last words were kept. */
  'Panic',
  /** The firmware refused to start it. */
  'Loader',
  /** It was seen to start its user space and never came to a verdict. */
  'Hang',
  /** Its slot does not hold it any more: the disk is to blame, and the image is not banned. */
  'Disk',
] as const

/** What became of one attempt to change the image of a machine. */
export const osOutcomeSchema = object(
  {
    time: timestamp("When it was known, by the machine's clock."),
    result: oneOf(osResults, 'How it ended.'),
    evidence: oneOf(osEvidences, 'What speaks against the image.'),
    imageId: string('The image.', { maxLength: 64 }),
    version: string('Its version.', { maxLength: 60 }),
    digest: optional(string('Digest of its manifest.', { maxLength: 100 })),
    message: string('What happened and what to do, as a sentence.', { maxLength: 2000 }),
  },
  'An attempt to change the image.',
)
export type OsOutcome = Infer<typeof osOutcomeSchema>

export const osPhases = [
  'Idle',
  'Fetching',
  /** All is on the disk; it waits for its window or for the last image to be blessed. */
  'Staged',
  'Rebooting',
  /** The running image is counted: its health is being judged. */
  'OnTrial',
] as const

/** The operating system of a machine as it is, in a status report and in `Device.status.os`. */
export const osReportSchema = object(
  {
    imageId: string('The running image, as its signed command line says.', { maxLength: 64 }),
    version: string('Its version.', { maxLength: 60 }),
    digest: optional(
      string('Digest of its manifest, if it came as an artifact.', { maxLength: 100 }),
    ),
    slot: string('The slot that it runs from.', { maxLength: 20 }),
    bootId: string("The kernel's identity of this boot.", { maxLength: 64 }),
    bootTime: timestamp('When it was booted.'),
    isBlessed: boolean('Whether the loader takes it without counting.'),
    secureBoot: optional(boolean('Whether the firmware verifies what it starts.')),
    loader: optional(string('Name and version of the boot loader.', { maxLength: 100 })),
    kernelVersion: optional(string('As `uname -r` says.', { maxLength: 100 })),
    data: optional(
      string('State of the data partition, as a sentence if it is not well.', { maxLength: 500 }),
    ),
    phase: oneOf(osPhases, 'What is being done.'),
    message: optional(string('What it waits for, as a sentence.', { maxLength: 2000 })),
    progressPercent: optional(integer('Of what is being fetched.', { minimum: 0, maximum: 100 })),
    slots: listByKey(
      object(
        {
          name: string('GPT label.', { maxLength: 20 }),
          imageId: optional(string('The image that it holds.', { maxLength: 64 })),
          version: optional(string('Its version.', { maxLength: 60 })),
          state: oneOf(
            ['Running', 'Blessed', 'Counted', 'Staged', 'Exhausted', 'Empty', 'Incomplete'],
            'What it is good for.',
          ),
        },
        'A slot.',
      ),
      'name',
      'The slots.',
    ),
    outcomes: list(osOutcomeSchema, 'The last attempts, newest first.', { maxItems: 10 }),
  },
  'The operating system of a machine.',
)
export type OsReport = Infer<typeof osReportSchema>
