/** What the loader does with `loader/keys/auto` on a machine in setup mode. */
export type EnrolKeys =
  | 'off'
  /** Without asking. */
  | 'force'
  /** Only in a virtual machine. */
  | 'if-safe'

/**
 * `loader/loader.conf`. Never a `default`: the loader would go on starting an entry whose tries are used up,
 * for ever.
 */
export const loaderConfiguration = (enrolKeys: EnrolKeys): string =>
  ['timeout 0', 'console-mode keep', 'editor no', `secure-boot-enroll ${enrolKeys}`, ''].join('\n')
