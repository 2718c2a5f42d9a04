import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Mirror, mirrorFromSetting, mirrorFromSources } from './apt-sources.ts'
import { DebianError } from './debian-error.ts'
import { sourcesBytesMax } from './limits.ts'

export type MirrorOptions = {
  /** What the user named; stands above all else. */
  readonly mirror?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Where the machine's apt keeps its sources. */
  readonly aptDirectory?: string
}

/**
 * Where packages come from: the option, else SKERRY_DEBIAN_MIRROR, else what this machine's apt
 * uses.
 */
export async function findMirror(options: MirrorOptions = {}): Promise<Mirror> {
  const setting = options.mirror ?? (options.environment ?? process.env)['SKERRY_DEBIAN_MIRROR']
  if (setting !== undefined && setting !== '') {
    const named = mirrorFromSetting(setting)
    if (named !== undefined) return named
    throw new DebianError(
      'NoMirror',
      `${JSON.stringify(setting)} is no mirror: give the address of a Debian archive, such as http://HOST/debian.`,
    )
  }
  const found = mirrorFromSources(await sourcesIn(options.aptDirectory ?? '/etc/apt'))
  if (found !== undefined) return found
  throw new DebianError(
    'NoMirror',
    "Nothing says where Debian's packages are, since this machine's apt names no Debian archive: " +
      'set SKERRY_DEBIAN_MIRROR to the address of a mirror, such as http://HOST/debian.',
  )
}

async function sourcesIn(directory: string): Promise<string[]> {
  const parts = join(directory, 'sources.list.d')
  const names = await readdir(parts).catch(() => [])
  const files = [
    join(directory, 'sources.list'),
    ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(parts, name)),
  ]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  return texts.filter((text) => text.length <= sourcesBytesMax)
}
