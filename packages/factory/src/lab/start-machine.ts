import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Clock, systemClock } from '@skerry/base/clock'
import type { Tree } from '../debian/tree.ts'
import { runProgram } from '../tools/run-program.ts'
import { treeProgram } from '../tools/tree-program.ts'
import { chooseAcceleration } from './acceleration.ts'
import { ConsoleRecord } from './console-record.ts'
import { Machine } from './machine.ts'
import type { Acceleration, MachineDisk, MachineHardware } from './qemu-arguments.ts'

export type StartOptions = MachineHardware & {
  readonly trees: { readonly lab: Pick<Tree, 'path'> }
  /** Where the console's file goes; default: a temporary directory that goes with the machine. */
  readonly consoleFile?: string
  readonly acceleration?: Acceleration
  readonly clock?: Clock
}

/** Starts a machine. Its sockets and the overlays of temporary disks go when it is disposed of. */
export async function startMachine(options: StartOptions): Promise<Machine> {
  const { trees, consoleFile, clock = systemClock, ...hardware } = options
  missingFiles(hardware)
  const acceleration = options.acceleration ?? (await chooseAcceleration(trees.lab, process.env))
  // A socket's path has at most 107 characters, which a user's directory may have used up.
  const directory = await mkdtemp(join(tmpdir(), 'skerry-lab-'))
  const cleanUp = () => rm(directory, { recursive: true, force: true })
  try {
    const disks = await Promise.all(
      (hardware.disks ?? []).map((disk, index) =>
        withOverlay(trees.lab, disk, join(directory, `disk${index}.qcow2`)),
      ),
    )
    const machine = new Machine({
      hardware: { ...hardware, disks },
      labTree: trees.lab,
      acceleration,
      clock,
      record: new ConsoleRecord(consoleFile ?? join(directory, 'console.log')),
      controlSocket: join(directory, 'control'),
      cleanUp,
    })
    try {
      await machine.powerOn()
      return machine
    } catch (error) {
      await machine[Symbol.asyncDispose]()
      throw error
    }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

/** A disk that is written to in a file of its own; the file below stays as it is. */
async function withOverlay(
  labTree: Pick<Tree, 'path'>,
  disk: MachineDisk,
  file: string,
): Promise<MachineDisk> {
  if (!disk.isTemporary) return disk
  await createOverlay(labTree, disk, file)
  return { ...disk, file, format: 'qcow2' }
}

/** Makes a qcow2 file that holds only what differs from the disk below. */
export async function createOverlay(
  labTree: Pick<Tree, 'path'>,
  below: Pick<MachineDisk, 'file' | 'format'>,
  file: string,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const words = [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-F',
    below.format ?? 'raw',
    '-b',
    resolve(below.file),
    file,
  ]
  await runProgram({
    command: [...treeProgram(labTree, '/usr/bin/qemu-img'), ...words],
    name: 'qemu-img',
    environment: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  })
}

/** QEMU words a missing file less well. */
function missingFiles(hardware: MachineHardware): void {
  const { directBoot } = hardware
  const files = [
    ...(hardware.disks ?? []).map((disk) => disk.file),
    ...(hardware.variables === undefined ? [] : [hardware.variables]),
    ...(directBoot === undefined ? [] : [directBoot.kernel]),
    ...(directBoot?.initrd === undefined ? [] : [directBoot.initrd]),
  ]
  for (const file of files)
    if (!existsSync(file)) throw new Error(`${file}: no such file; the machine needs it to start`)
}
