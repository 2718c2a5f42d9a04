import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import type { Digest } from '@skerry/base/digest'

/**
 * What stands for the program that does a step, so that a step is done again when it would be done otherwise.
 * Directories of this package, such as `src/root`.
 */
export function sourceDigest(directories: readonly string[]): Digest {
  const root = join(import.meta.dirname, '../..')
  const files = directories.flatMap((directory) =>
    readdirSync(join(root, directory))
      .filter((name) => /\.(ts|sh|conf)$|^init$/.test(name) && !name.endsWith('.test.ts'))
      .toSorted()
      .map((name) => `${directory}/${name}`),
  )
  return digestOf(
    files.map((file) => `${file} ${digestOf(readFileSync(join(root, file)))}`).join('\n'),
  )
}
