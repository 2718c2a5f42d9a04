import { readFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import type { TrustedKey } from '@skerry/api/envelope'
import { nodePaths } from '@skerry/api/os/os-layout'
import { toError } from '@skerry/base/assert'
import { isPlainObject } from '@skerry/base/json'
import type { Log } from '@skerry/base/log'
import type { OsMachine } from '@skerry/node-os/upgrade/os-machine'
import type { Host } from '../host.ts'
import { createDirectoryShelf } from './directory-shelf.ts'
import type { ImageMachine } from './image-machine.ts'
import type { NodeSettings } from './node-settings.ts'
import type { Pulse } from './pulse.ts'
import { createRealProbes } from './real-probes.ts'

export type RealImageOptions = {
  readonly host: Host
  readonly os: OsMachine
  readonly settings: NodeSettings
  readonly pulse: Pulse
  readonly say: (line: string) => void
  /** Where images are looked for before the hub is asked. */
  readonly directories: readonly string[]
}

/** This machine, as the agent sees one whose operating system is an image. */
export async function createRealImageMachine(options: RealImageOptions): Promise<ImageMachine> {
  const { host, os, settings, pulse, say, directories } = options
  return {
    os,
    trustedKeys: await readTrustedKeys(host.log),
    shelves: directories.map(createDirectoryShelf),
    probes: createRealProbes(host.processes),
    checks: settings.checks,
    services: settings.services,
    bootId: os.observe().report.bootId,
    uptimeMs: () => uptime() * 1000,
    say,
    pulse,
  }
}

/**
 * Whose signatures on images count, as the running image says. Without the file nobody is trusted: what
 * runs goes on, and an image that comes is refused with that reason.
 */
export async function readTrustedKeys(
  log: Log,
  path: string = nodePaths.trustedImageKeys,
): Promise<TrustedKey[]> {
  try {
    const keys: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (Array.isArray(keys) && keys.every(isTrustedKey)) return keys
    log.error('The keys that sign images are not a list of keys: no image is trusted', { path })
  } catch (error) {
    const reason = toError(error).message
    log.error('The keys that sign images cannot be read: no image is trusted', { path, reason })
  }
  return []
}

function isTrustedKey(value: unknown): value is TrustedKey {
  return (
    isPlainObject(value) &&
    typeof value['keyid'] === 'string' &&
    typeof value['publicKey'] === 'string'
  )
}
