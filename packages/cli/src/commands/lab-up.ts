import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toError } from '@skerry/base/assert'
import { chooseAcceleration } from '@skerry/factory/lab/acceleration'
import { createConfigDrive } from '@skerry/factory/lab/config-drive'
import { type ConsoleLine, formatLine } from '@skerry/factory/lab/console-lines'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import type { Machine } from '@skerry/factory/lab/machine'
import { type Lab, openLab } from '@skerry/factory/lab/open-lab'
import type { Acceleration, MachineDisk, PortForward } from '@skerry/factory/lab/qemu-arguments'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { CommandError, exitCodes } from '../exit-code.ts'
import { paint } from '../output.ts'
import { labTrees } from './lab-prepare.ts'

export type LabUpOptions = {
  readonly memory: number
  readonly cpus: number
  readonly secureBoot: boolean
  readonly keys?: string
  readonly portForward: readonly PortForward[]
  /** File with cloud-config that the machine finds on a drive. */
  readonly userData?: string
  readonly console: boolean
  readonly persist: boolean
  readonly clock?: string
  readonly cutPowerAt?: string
}

/** Ctrl-], as telnet and `virsh console` leave. */
const leaveByte = 0x1d

/** `skerry lab up IMAGE`: ends when the machine switches itself off, or when the user leaves. */
export async function labUp(
  image: string,
  options: LabUpOptions,
  signal: AbortSignal,
): Promise<void> {
  checkOptions(options)
  const cutAt = options.cutPowerAt === undefined ? undefined : patternOf(options.cutPowerAt)
  const trees = await labTrees(signal)
  const acceleration = await chooseAcceleration(trees.lab, process.env)
  await using lab = await openLab(
    {
      image,
      memoryMiB: options.memory,
      cpus: options.cpus,
      secureBoot: options.secureBoot,
      keys: options.keys,
      portForwards: options.portForward,
      isPersistent: options.persist,
      clockStart: options.clock,
    },
    trees,
  )
  const drives =
    options.userData === undefined ? [] : [await userDrive(options.userData, lab, trees)]
  say(introduction(lab, options, acceleration))
  const disks = [...(lab.start.disks ?? []), ...drives]
  await using machine = await startMachine({ ...lab.start, disks, acceleration })
  const leave = new AbortController()
  const stop = AbortSignal.any([signal, leave.signal])
  using _shown = show(machine, options.console)
  using _cut = cutAt === undefined ? undefined : cutWhen(machine, cutAt)
  using _keys = options.console ? typeInto(machine, () => leave.abort()) : undefined
  const stopped = new Promise<void>((resolve) => {
    stop.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([stopped, machine.waitForEnd({ processorSecondsMax: Infinity })])
  say(farewell(machine, lab, options))
}

async function userDrive(file: string, lab: Lab, trees: LabTrees): Promise<MachineDisk> {
  const words = await readFile(file).catch((error: unknown) => {
    throw new CommandError(
      `--user-data ${file}: cannot be read: ${toError(error).message}`,
      exitCodes.usage,
    )
  })
  const drive = join(lab.directory, 'user-data.img')
  await createConfigDrive(trees, drive, words)
  return { file: drive, isReadOnly: true }
}

function checkOptions(options: LabUpOptions): void {
  if (options.keys !== undefined && !options.secureBoot)
    throw new CommandError('--keys: counts only with --secure-boot', exitCodes.usage)
  if (options.console && !process.stdin.isTTY)
    throw new CommandError(
      '--console: needs a terminal to type in; without it the console is only shown',
      exitCodes.usage,
    )
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    throw new CommandError(
      `--cut-power-at ${text}: is no regular expression: ${toError(error).message}`,
      exitCodes.usage,
    )
  }
}

function introduction(lab: Lab, options: LabUpOptions, acceleration: Acceleration): string {
  const speed =
    acceleration === 'kvm' ? 'with KVM' : 'in software (no KVM here: a boot takes a minute or two)'
  const ports = options.portForward.map(
    ({ hostPort, guestPort }) => `  127.0.0.1:${hostPort} leads to its port ${guestPort}`,
  )
  return [
    `${lab.isContinued ? 'Going on with' : 'Booting'} a machine ${speed}: ${options.memory} MiB, ${options.cpus} processors` +
      (options.secureBoot ? ', Secure Boot' : ''),
    `  its disk and console are in ${lab.directory}${options.persist ? '' : ' until it ends (--persist keeps them)'}`,
    ...ports,
    `  ${options.console ? 'Ctrl-] leaves' : 'Ctrl-C switches it off'}; this machine is 10.0.2.2 for it`,
  ].join('\n')
}

function farewell(machine: Machine, lab: Lab, options: LabUpOptions): string {
  const end = machine.isRunning ? 'Switched off' : 'The machine is off'
  const kept = options.persist ? `; go on with the same command (${lab.directory})` : ''
  return `${end} after ${machine.seconds.toFixed(0)} s, ${machine.processorSeconds.toFixed(0)} processor seconds${kept}`
}

function say(text: string): void {
  process.stderr.write(`${paint.bold(text)}\r\n`)
}

/** Lines with their time, or, for whoever types, each character as it comes. */
function show(machine: Machine, isTyping: boolean): Disposable {
  if (isTyping) return machine.console.watchBytes((bytes) => process.stdout.write(bytes))
  return machine.console.watch((line: ConsoleLine) => {
    process.stdout.write(`${formatLine(line)}\n`)
  })
}

function cutWhen(machine: Machine, pattern: RegExp): Disposable {
  return machine.console.watch(({ text }) => {
    if (text.search(pattern) < 0) return
    say('Power cut.')
    void machine.cutPower()
  })
}

/** Each key goes to the guest as it is typed, Ctrl-C too. */
function typeInto(machine: Machine, leave: () => void): Disposable {
  const { stdin } = process
  const onKey = (bytes: Buffer) => {
    const end = bytes.indexOf(leaveByte)
    if (end < 0) return machine.type(bytes)
    machine.type(bytes.subarray(0, end))
    leave()
  }
  stdin.setRawMode(true)
  stdin.on('data', onKey)
  stdin.resume()
  return {
    [Symbol.dispose]: () => {
      stdin.setRawMode(false)
      stdin.off('data', onKey)
      stdin.pause()
    },
  }
}
