/** An image that the scenarios use. All are made from one root; what is bad about them is in their words. */
export type Recipe = {
  readonly version: string
  /** Words of cloud-config that are added to the image. */
  readonly cloudConfig?: string
  readonly commandLine?: readonly string[]
  readonly watchdogSeconds?: number
  /** Scripts of the initrd, in place of ours: path -> text. */
  readonly initrd?: Readonly<Record<string, string>>
  readonly files?: readonly {
    readonly path: string
    readonly content: string
    readonly mode?: string
  }[]
  readonly slotBytes?: string
  /** What is done to the kernel after it was built; the description is signed again, unless that is foreign. */
  readonly kernel?: 'unsigned' | 'foreign' | 'truncated' | 'flipped'
  /** The description is signed by a key that nobody knows. */
  readonly isForeign?: boolean
  readonly hasDisk?: boolean
}

const check = (name: string, command: string, timeoutSeconds = 20) =>
  `skerry:\n  checks:\n    - name: ${name}\n      command: ${command}\n      timeoutSeconds: ${timeoutSeconds}\n`

/** By name. Versions differ, so that a message shows which one it speaks of. */
export const recipes = {
  good1: { version: '1.0.0', hasDisk: true },
  good2: { version: '2.0.0' },
  good3: { version: '3.0.0' },
  old: { version: '0.9.0' },
  panics: { version: '2.0.1', commandLine: ['rdinit=/none'] },
  unhealthy: { version: '2.0.2', cloudConfig: check('till', "'echo the drawer is stuck; exit 1'") },
  unsigned: { version: '2.0.3', kernel: 'unsigned' },
  foreignKernel: { version: '2.0.4', kernel: 'foreign' },
  foreignImage: { version: '2.0.5', isForeign: true },
} as const satisfies Record<string, Recipe>
export type ImageName = keyof typeof recipes
