import type { Digest } from '@skerry/base/digest'
import type { LockedPackage } from './locked-package.ts'

/**
 * Debian packages, unpacked into one directory. No script of theirs was run, so there are no users,
 * no alternatives and no caches: files to copy out, and programs to run by path.
 */
export type Tree = {
  readonly path: string
  /** Of the packages' digests: the same packages have the same digest everywhere. */
  readonly digest: Digest
  readonly packages: readonly LockedPackage[]
}
