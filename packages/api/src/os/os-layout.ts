/**
 * What whoever makes an image and whoever runs it must agree on: names on the disk, in the signed command
 * line and in the root. The initrd's script (`factory/initrd/init`) repeats them, and a test compares.
 */

/** GPT labels. Slots are anonymous: the verity superblock in a slot says whose image it holds. */
export const partitionLabels = {
  esp: 'esp',
  slots: ['slot-a', 'slot-b', 'slot-c'],
  data: 'data',
} as const
export type SlotName = (typeof partitionLabels.slots)[number]

/** Names on the kernel's command line, which the image's signature covers. */
export const commandLineNames = {
  /** Root hash of the verity tree, 64 hexadecimal digits. */
  rootHash: 'skerry.root',
  /** Bytes of the file system in the slot, a multiple of 4096; the verity superblock follows it. */
  rootBytes: 'skerry.size',
  /** Image id, 32 hexadecimal digits: also the uuid of the verity superblock. */
  imageId: 'skerry.image',
  /** Seconds until the hardware watchdog resets a machine that nobody feeds; default 180. */
  watchdogSeconds: 'skerry.watchdog',
} as const

/** Where things lie in the running system. */
export const nodePaths = {
  /** The agent with all that it needs; belongs to the image, read-only. */
  program: '/usr/lib/skerry',
  /** Cloud-config of the image, beside Kairos' /system/oem. */
  imageConfig: '/usr/lib/skerry/oem',
  /** Whose signatures on OS images count: a JSON list of TrustedKey. */
  trustedImageKeys: '/usr/lib/skerry/trusted-image-keys.json',
  data: '/data',
  dataConfig: '/data/oem',
  /** State of the agent. */
  agentState: '/data/skerry/agent',
  /** Journal of upgrades, description and kernel of each installed image. */
  osState: '/data/skerry/os',
  /** One file for each image: starts that did not come to health, as the initrd counts them. */
  bootStarts: '/data/skerry/os/starts',
  esp: '/efi',
  /** What the initrd says of this boot: files `slot`, `data`, `log`. */
  run: '/run/skerry',
} as const

/** On the ESP. A name that does not end in `.efi` is not seen by the loader. */
export const espPaths = {
  entries: 'EFI/Linux',
  /** Prefix of a loader entry: `skerry-<first 12 digits of the image id>[+left[-done]].efi`. */
  entryPrefix: 'skerry-',
  /** Prefix of a kernel that is being written. */
  temporaryPrefix: '.new-',
} as const

/** Tries that a new image is given. */
export const bootTries = 3

/**
 * Starts in a row of an image that was kept, none of which came to health: then the initrd exhausts its entry. A
 * supply that flickers costs some, and each costs a site minutes.
 */
export const bootStartsMax = 5

export const verityBlockBytes = 4096
