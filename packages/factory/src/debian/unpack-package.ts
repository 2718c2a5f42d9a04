import { readFile } from 'node:fs/promises'
import { runProgram } from '../tools/run-program.ts'
import { type FactoryCache, packagePath } from './factory-cache.ts'
import type { LockedPackage } from './locked-package.ts'
import { readDeb } from './read-deb.ts'

const flags = { '': [], gz: ['--gzip'], xz: ['--xz'], zst: ['--zstd'] } as const

/**
 * Unpacks the files of a package; no script of it runs. By the machine's GNU tar and xz rather than
 * dpkg-deb, which not every machine has and which does the same.
 */
export async function unpackPackage(
  cache: FactoryCache,
  each: LockedPackage,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  const data = readDeb(await readFile(packagePath(cache, each.sha256)), 'data')
  const command = ['tar', '--extract', '--file=-', ...flags[data.compression]]
  await runProgram(
    {
      // A package that names /lib finds the link there and must not put a directory in its place.
      command: [
        ...command,
        '--keep-directory-symlink',
        '--no-same-owner',
        '--preserve-permissions',
      ],
      name: `tar of ${each.name}`,
      directory,
      environment: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdin: data.bytes,
    },
    signal,
  )
}
