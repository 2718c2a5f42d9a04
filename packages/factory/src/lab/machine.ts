import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Clock } from '@skerry/base/clock'
import type { Tree } from '../debian/tree.ts'
import { treeProgram } from '../tools/tree-program.ts'
import { type ConsoleLine, createLineSplitter } from './console-lines.ts'
import type { ConsoleRecord } from './console-record.ts'
import { labLimits } from './limits.ts'
import { MachineError } from './machine-error.ts'
import { processorSeconds } from './processor-seconds.ts'
import { type Acceleration, type MachineHardware, qemuArguments } from './qemu-arguments.ts'
import { QemuControl } from './qemu-control.ts'

export type MachineParts = {
  readonly hardware: MachineHardware
  /** The tree that holds QEMU and the firmware. */
  readonly labTree: Pick<Tree, 'path'>
  readonly acceleration: Acceleration
  readonly clock: Clock
  readonly record: ConsoleRecord
  readonly controlSocket: string
  /** Ends what only this machine needed, after QEMU has ended. */
  readonly cleanUp: () => Promise<void>
}

export type WaitOptions = {
  /** Processor seconds that QEMU may use until the line comes; a busy host does not shorten it. Default 120. */
  readonly processorSecondsMax?: number
  /** Lines that end the wait at once, such as a panic. */
  readonly unless?: RegExp
  /** Look from this line number on; default: after the last line that was waited for. */
  readonly from?: number
  readonly signal?: AbortSignal
}

type Running = {
  readonly child: ChildProcess
  readonly pid: number
  /** As last seen: who has ended cannot be asked. */
  seconds: number
}

/** A machine that runs in QEMU. Whoever started it disposes of it. */
export class Machine implements AsyncDisposable {
  readonly console: ConsoleRecord
  #parts: MachineParts
  #running: Running | undefined
  #control: QemuControl | undefined
  /** Processor seconds of QEMUs that have ended. */
  #usedSeconds = 0
  #powerOnMs: number
  #seen = 0

  constructor(parts: MachineParts) {
    this.#parts = parts
    this.console = parts.record
    this.#powerOnMs = parts.clock.monotonicMs()
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** As it is now, with the overlays of temporary disks: what `restart` may be given changed parts of. */
  get hardware(): MachineHardware {
    return this.#parts.hardware
  }

  /** Number of QEMU's process while it runs. */
  get pid(): number | undefined {
    return this.#running?.pid
  }

  /** Processor seconds that the machine has used since its first power-on. */
  get processorSeconds(): number {
    const running = this.#running
    if (running === undefined) return this.#usedSeconds
    running.seconds = processorSeconds(running.pid) ?? running.seconds
    return this.#usedSeconds + running.seconds
  }

  /** Seconds since the first power-on. */
  get seconds(): number {
    return (this.#parts.clock.monotonicMs() - this.#powerOnMs) / 1000
  }

  async powerOn(): Promise<void> {
    if (this.#running !== undefined) throw new MachineError('start', 'The machine is on already')
    const { hardware, labTree, acceleration, controlSocket } = this.#parts
    const program = treeProgram(labTree, '/usr/bin/qemu-system-x86_64')
    const [file = '', ...words] = [...dyingWithUs(), ...program]
    const files = { tree: labTree.path, controlSocket }
    const child = spawn(file, [...words, ...qemuArguments(hardware, files, acceleration)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    })
    child.stdin.on('error', () => undefined)
    this.#read(child)
    await spawned(child, file)
    this.#running = { child, pid: child.pid!, seconds: 0 }
    try {
      this.#control = await QemuControl.open(
        controlSocket,
        this.#parts.clock,
        () => child.exitCode === null && child.signalCode === null,
      )
    } catch (error) {
      await this.cutPower()
      throw this.#explained('start', error instanceof Error ? error.message : String(error))
    }
  }

  #read(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      const splitter = createLineSplitter()
      const add = (text: string) => this.console.add({ seconds: this.seconds, text })
      stream?.on('data', (bytes: Buffer) => {
        this.console.addBytes(bytes)
        splitter.push(bytes).forEach(add)
      })
      stream?.on('end', () => splitter.unfinished !== '' && add(splitter.unfinished))
    }
    child.once('close', () => this.#ended(child))
  }

  #ended(child: ChildProcess): void {
    if (this.#running?.child !== child) return
    this.#usedSeconds += this.#running.seconds
    this.#running = undefined
    this.#control?.[Symbol.dispose]()
    this.#control = undefined
    this.console.wake()
  }

  /** The first line that matches, of those after the last that was waited for. */
  async waitFor(pattern: RegExp, options: WaitOptions = {}): Promise<ConsoleLine> {
    const { processorSecondsMax = 120, unless, signal } = options
    const from = options.from ?? this.#seen
    const { clock } = this.#parts
    const startSeconds = this.processorSeconds
    const wallSecondsMax = Math.max(
      labLimits.wallSecondsMin,
      processorSecondsMax * labLimits.wallSecondsPerProcessorSecond,
    )
    const deadlineMs = clock.monotonicMs() + wallSecondsMax * 1000
    for (;;) {
      signal?.throwIfAborted()
      const found = this.console.find(pattern, from)
      const forbidden = unless === undefined ? undefined : this.console.find(unless, from)
      if (forbidden !== undefined && (found === undefined || forbidden.number < found.number))
        throw this.#explained('forbidden', `${forbidden.line.text}: came before ${pattern}`)
      if (found !== undefined) {
        this.#seen = found.number + 1
        return found.line
      }
      if (!this.isRunning) throw this.#explained('ended', `QEMU ended before ${pattern} came`)
      const used = this.processorSeconds - startSeconds
      if (used > processorSecondsMax || clock.monotonicMs() > deadlineMs)
        throw this.#explained(
          'limit',
          `${pattern} did not come within ${processorSecondsMax} processor seconds (used ${used.toFixed(1)}) ` +
            `and ${wallSecondsMax} s`,
        )
      await this.#lineOrPause()
    }
  }

  async #lineOrPause(): Promise<void> {
    const over = new AbortController()
    const pause = this.#parts.clock
      .sleep(labLimits.processorPollMs, over.signal)
      .catch(() => undefined)
    await Promise.race([this.console.changed(), pause])
    over.abort()
  }

  /** Resolves when QEMU has ended, by itself or not. */
  async waitForEnd(options: Pick<WaitOptions, 'processorSecondsMax'> = {}): Promise<void> {
    const startSeconds = this.processorSeconds
    const { processorSecondsMax = 120 } = options
    while (this.isRunning) {
      if (this.processorSeconds - startSeconds > processorSecondsMax)
        throw this.#explained(
          'limit',
          `QEMU runs on after ${processorSecondsMax} processor seconds`,
        )
      await this.#lineOrPause()
    }
  }

  /** Pulls the plug: SIGKILL, so the guest gets no chance to write anything more. */
  async cutPower(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    running.seconds = processorSeconds(running.pid) ?? running.seconds
    running.child.kill('SIGKILL')
    const deadlineMs = this.#parts.clock.monotonicMs() + labLimits.killMs
    while (this.#running === running) {
      if (this.#parts.clock.monotonicMs() > deadlineMs)
        throw new MachineError('control', `QEMU (process ${running.pid}) survives SIGKILL`)
      await this.#lineOrPause()
    }
  }

  /** Pulls the plug at the first line that matches, in the moment in which it is read. */
  async cutPowerAt(pattern: RegExp, options: WaitOptions = {}): Promise<ConsoleLine> {
    const running = this.#running
    using _watch = this.console.watch((line) => {
      if (line.text.search(pattern) >= 0) running?.child.kill('SIGKILL')
    })
    const line = await this.waitFor(pattern, options)
    await this.cutPower()
    return line
  }

  /**
   * Power off and on again, with other hardware if that is given. What the disks hold stays; a log of writes
   * begins anew.
   */
  async restart(changes: Partial<MachineHardware> = {}): Promise<void> {
    await this.cutPower()
    this.#parts = { ...this.#parts, hardware: { ...this.#parts.hardware, ...changes } }
    await this.powerOn()
  }

  /** Types into the console. */
  type(text: string | Uint8Array): void {
    this.#running?.child.stdin?.write(text)
  }

  /** A command of QEMU's machine protocol. */
  async command(name: string, parameters: object = {}): Promise<unknown> {
    if (this.#control === undefined)
      throw new MachineError('control', `${name}: the machine is off; power it on first`)
    return await this.#control.execute(name, parameters, this.#parts.clock)
  }

  /** The reset button. */
  async reset(): Promise<void> {
    await this.command('system_reset')
  }

  /** The machine stands still, clock and all, until `resume`. */
  async pause(): Promise<void> {
    await this.command('stop')
  }

  async resume(): Promise<void> {
    await this.command('cont')
  }

  /** Pulls the network cable, or puts it back. */
  async setCable(isPlugged: boolean): Promise<void> {
    await this.command('set_link', { name: 'card0', up: isPlugged })
  }

  /** How many bytes a second the disk reads and writes together; 0 for as many as it can. */
  async throttleDisk(index: number, bytesPerSecond: number): Promise<void> {
    const none = { bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 }
    await this.command('block_set_io_throttle', {
      ...none,
      id: `/machine/peripheral/disk${index}/virtio-backend`,
      bps: bytesPerSecond,
    })
  }

  async injectNonMaskableInterrupt(): Promise<void> {
    await this.command('inject-nmi')
  }

  #explained(reason: MachineError['reason'], message: string): MachineError {
    const tail = this.console.tail()
    const said = tail === '' ? 'The console said nothing.' : `The end of its console:\n${tail}`
    return new MachineError(
      reason,
      `${message} (all of the console: ${this.console.file}). ${said}`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower()
    this.console[Symbol.dispose]()
    await this.#parts.cleanUp()
  }
}

/** Words before a command that end it when this process is killed, where the host can: QEMU would run on. */
function dyingWithUs(): string[] {
  const setpriv = '/usr/bin/setpriv'
  return existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : []
}

function spawned(child: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) => {
      reject(new MachineError('start', `${file} cannot be started: ${error.message}`))
    })
  })
}
