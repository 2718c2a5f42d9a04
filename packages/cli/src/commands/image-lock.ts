import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'
import { lockFileOf } from '@skerry/factory/build-image'
import { neededSets } from '@skerry/factory/build/needed-sets'
import { resolveSchematic } from '@skerry/factory/build/resolve-schematic'
import { builtInSets } from '@skerry/factory/debian/built-in-sets'
import { openFactoryCache } from '@skerry/factory/debian/factory-cache'
import { findMirror } from '@skerry/factory/debian/find-mirror'
import { type Lock, parseLock } from '@skerry/factory/debian/lock'
import { builtInLockPath } from '@skerry/factory/debian/read-lock'
import { updateLock } from '@skerry/factory/debian/update-lock'
import { CommandError, exitCodes } from '../exit-code.ts'

export type ImageLockOptions = {
  /** The schematic whose packages are pinned; absent: what the factory itself is made of. */
  readonly file?: string
  readonly update: boolean
  readonly mirror?: string
  readonly cache?: string
}

/** `skerry image lock`: pins packages, and with `--update` those that are pinned already. */
export async function lockImage(options: ImageLockOptions, signal: AbortSignal): Promise<void> {
  const { sets, path } = await whatToLock(options)
  if (sets.length === 0) {
    process.stdout.write(
      'Nothing to pin: the schematic takes from Debian only what the factory has pinned.\n',
    )
    return
  }
  const previous = await readPrevious(path)
  const names = sets.map(({ name }) => name)
  const isWhole = previous !== undefined && names.every((name) => previous.sets[name] !== undefined)
  if (isWhole && !options.update) {
    process.stdout.write(
      `${path} pins ${names.join(', ')} already; --update asks for what is new.\n`,
    )
    return
  }
  const cache = await openFactoryCache(options.cache)
  const mirror = await findMirror(options.mirror === undefined ? {} : { mirror: options.mirror })
  const updated = await updateLock(
    sets,
    { cache, mirror, architecture: 'amd64', ...(previous === undefined ? {} : { previous }) },
    signal,
  )
  await writeFileAtomic(path, updated.text)
  const { changes } = updated
  process.stdout.write(
    [
      ...changes,
      changes.length === 0 ? `${path} is as it was` : `${path}: ${changes.length} changes`,
      '',
    ].join('\n'),
  )
}

async function whatToLock({ file }: ImageLockOptions) {
  if (file === undefined) return { sets: builtInSets, path: builtInLockPath }
  const resolved = await resolveSchematic(file)
  return { sets: neededSets(resolved.schematic).own, path: lockFileOf(resolved.file) }
}

async function readPrevious(path: string): Promise<Lock | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const parsed = parseLock(text)
  if (parsed.ok) return parsed.lock
  throw new CommandError(
    `${path} is no lock (${parsed.problems[0] ?? 'empty'}): move it away and run this again.`,
    exitCodes.usage,
  )
}
