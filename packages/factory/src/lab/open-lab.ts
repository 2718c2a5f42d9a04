import { existsSync } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { readPublicKeys } from '../keys/open-keys.ts'
import { findDisk } from './find-disk.ts'
import { createBlankVariables, createSecureBootVariables } from './firmware-variables.ts'
import { LabError } from './lab-error.ts'
import type { LabTrees } from './lab-trees.ts'
import type { PortForward } from './qemu-arguments.ts'
import { type StartOptions, createOverlay } from './start-machine.ts'

export type LabRequest = {
  /** A disk image, or a directory that a build wrote one into. */
  readonly image: string
  readonly memoryMiB: number
  readonly cpus: number
  readonly secureBoot: boolean
  /** Directory of keys that the firmware knows; without them it is in setup mode. */
  readonly keys?: string | undefined
  readonly portForwards: readonly PortForward[]
  /** What the machine writes is there at the next start. */
  readonly isPersistent: boolean
  readonly clockStart?: string | undefined
}

export type Lab = AsyncDisposable & {
  readonly start: StartOptions
  /** Where overlay, variables and console are. */
  readonly directory: string
  readonly isContinued: boolean
}

/**
 * Prepares a machine for an image. The image itself is never written to: what the machine writes goes into an
 * overlay beside it, with the variables of its firmware, and goes with the lab unless it is persistent.
 */
export async function openLab(request: LabRequest, trees: LabTrees): Promise<Lab> {
  const disk = await findDisk(request.image)
  const directory = resolve(`${disk.file}.lab`)
  const [overlay, variables] = [join(directory, 'disk.qcow2'), join(directory, 'variables.fd')]
  const isContinued = request.isPersistent && existsSync(overlay) && existsSync(variables)
  if (isContinued) await checkAge(disk.file, overlay, directory)
  else {
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true })
    await createOverlay(trees.lab, disk, overlay)
    if (request.secureBoot && request.keys !== undefined)
      await createSecureBootVariables(trees, await readPublicKeys(request.keys), variables)
    else await createBlankVariables(trees.lab, variables)
  }
  return {
    directory,
    isContinued,
    start: {
      trees,
      memoryMiB: request.memoryMiB,
      cpus: request.cpus,
      secureBoot: request.secureBoot,
      variables,
      watchdog: true,
      network: { portForwards: request.portForwards },
      disks: [{ file: overlay, format: 'qcow2' }],
      consoleFile: join(directory, 'console.log'),
      ...(request.clockStart === undefined ? {} : { clockStart: request.clockStart }),
    },
    async [Symbol.asyncDispose]() {
      if (!request.isPersistent) await rm(directory, { recursive: true, force: true })
    },
  }
}

/** An overlay over another image than the one that it was made for is a disk full of rubbish. */
async function checkAge(image: string, overlay: string, directory: string): Promise<void> {
  const [imageStat, overlayStat] = [await stat(image), await stat(overlay)]
  if (imageStat.mtimeMs <= overlayStat.birthtimeMs) return
  throw new LabError(
    `${basename(image)} is newer than the disk that was kept for it: remove ${directory} to begin anew`,
  )
}
