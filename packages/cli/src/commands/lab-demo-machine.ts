import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { createConfigDrive } from '@skerry/factory/lab/config-drive'
import { createBlankVariables } from '@skerry/factory/lab/firmware-variables'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import type { Machine } from '@skerry/factory/lab/machine'
import { createOverlay, startMachine } from '@skerry/factory/lab/start-machine'
import { paint } from '../output.ts'
import { demoLimits } from './lab-demo-limits.ts'
import type { DemoPlace } from './lab-demo-place.ts'
import type { DemoStory } from './lab-demo-story.ts'

export type DemoMachineParts = {
  readonly trees: LabTrees
  readonly place: DemoPlace
  readonly userData: string
}

/** A machine that was never on: the disk of image 1.0.0, and a drive that names hub and token. */
export async function startDemoMachine(parts: DemoMachineParts): Promise<Machine> {
  const { trees, place, userData } = parts
  await rm(place.machine, { recursive: true, force: true })
  await mkdir(place.machine, { recursive: true })
  const [disk, drive, variables] = ['disk.qcow2', 'drive.img', 'variables.fd'].map((name) =>
    join(place.machine, name),
  ) as [string, string, string]
  await createOverlay(trees.lab, { file: join(place.imageOf('1.0.0'), 'disk.raw') }, disk)
  await createConfigDrive(trees, drive, userData)
  await createBlankVariables(trees.lab, variables)
  return startMachine({
    trees,
    memoryMiB: demoLimits.machineMemoryMiB,
    cpus: demoLimits.machineCpus,
    variables,
    watchdog: true,
    network: {},
    disks: [
      { file: disk, format: 'qcow2' },
      { file: drive, isReadOnly: true },
    ],
    consoleFile: place.console,
  })
}

/** The lines of the console that tell something to whoever watches. */
export function worthShowing(line: string): string | undefined {
  const text = stripVTControlCharacters(line).trim()
  if (text.startsWith('BdsDxe: starting')) return 'power on: the firmware starts the boot loader'
  const said = /^skerry: (.*)$/.exec(text)?.[1]
  if (said !== undefined) return said
  return /Kernel panic|data block \d+ is corrupted/.test(text) ? text : undefined
}

/** Shows those lines in the story, and tells when the machine has begun anew. */
export function followConsole(
  machine: Machine,
  story: DemoStory,
  onStart: () => void,
): { [Symbol.dispose](): void } {
  let last = ''
  return machine.console.watch(({ seconds, text }) => {
    const shown = worthShowing(text)
    if (shown === undefined || shown === last) return
    last = shown
    if (shown.startsWith('power on')) onStart()
    story.note(paint.dim(`machine ${seconds.toFixed(1).padStart(6)} │ ${shown}`))
  })
}
