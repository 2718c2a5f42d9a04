import { preferredEntries } from '@skerry/api/os/loader-order'

/** What the loader does with `loader/keys/auto` on a machine in setup mode. */
export type EnrolKeys =
  | 'off'
  /** Without asking. */
  | 'force'
  /** Only in a virtual machine. */
  | 'if-safe'

/**
 * `loader/loader.conf`. Names of ours come first: a power cut can leave the short name of an entry of ours,
 * `SKERRY~2.EFI`, which has no counter, and an image that panics would be started by it for ever. `preferred`
 * passes over what is exhausted. Never a `default`, which does not.
 */
export const loaderConfiguration = (enrolKeys: EnrolKeys): string =>
  [
    'timeout 0',
    'console-mode keep',
    'editor no',
    `preferred ${preferredEntries}`,
    `secure-boot-enroll ${enrolKeys}`,
    '',
  ].join('\n')
