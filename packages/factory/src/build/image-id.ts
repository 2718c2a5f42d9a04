import { createHash } from 'node:crypto'
import { commandLineNames } from '@skerry/api/os/os-layout'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import { type OsRelease, osReleaseText } from '../uki/os-release.ts'

export type ImageParts = {
  readonly root: { readonly digest: Digest; readonly rootHash: string; readonly sizeBytes: number }
  readonly kernel: Digest
  readonly initrd: Digest
  /** Words of the schematic and of the factory, those of the root and the id left out. */
  readonly words: readonly string[]
  readonly osRelease: OsRelease
}

/** What every image says to its kernel: a screen and a serial line, and a machine that stops starts again. */
export const commandLineWords = [
  'console=tty0',
  'console=ttyS0',
  'quiet',
  'panic=5',
  'panic_on_oops=1',
  // The databases in /usr are made when the image is; nothing needs to be brought up to date at boot.
  'systemd.condition-needs-update=no',
] as const

const withoutId = ({ words, root }: ImageParts): string[] => [
  ...words,
  `${commandLineNames.rootHash}=${root.rootHash}`,
  `${commandLineNames.rootBytes}=${root.sizeBytes}`,
]

/** First half of the SHA-256 of all that an image is: known before the kernel image that carries it is made. */
export function imageIdOf(parts: ImageParts): string {
  const { root, kernel, initrd, osRelease } = parts
  const text = canonicalJson({
    root: root.digest,
    kernel,
    initrd,
    commandLine: withoutId(parts).join(' '),
    osRelease: osReleaseText(osRelease),
  })
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

export function commandLineOf(parts: ImageParts): string {
  return [...withoutId(parts), `${commandLineNames.imageId}=${imageIdOf(parts)}`].join(' ')
}
