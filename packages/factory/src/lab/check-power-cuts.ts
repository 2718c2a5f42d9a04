import { setImmediate } from 'node:timers/promises'
import { DiskInspector } from './disk-inspector.ts'
import type { DiskView } from './disk-view.ts'
import { type CutRule, bootsKnownImage, describeDisk } from './inspected-disk.ts'
import type { KnownImage } from './known-image.ts'
import { diskLimits } from './limits.ts'
import { LoggedDisk, loseSome } from './logged-disk.ts'
import type { LoggedWrite, WriteLog } from './write-log.ts'

export type PowerCutCheck = {
  /** The disk as it was when the log began. */
  readonly base: DiskView
  readonly log: WriteLog
  readonly images: readonly KnownImage[]
  /** Default: bootsKnownImage. */
  readonly rule?: CutRule
  /** So many ways to lose unflushed writes are tried for each prefix; default 20. */
  readonly seeds?: number
  /** Called for some states, evenly spread, such as for `checkExt4`: sentences that say what is wrong. */
  readonly sample?: {
    readonly states: number
    readonly look: (disk: DiskView) => Promise<readonly string[]>
  }
  readonly signal?: AbortSignal
}

export type Violation = {
  /** Entries of the log that the disk had acknowledged. */
  readonly entries: number
  readonly loseSeed?: number | undefined
  readonly message: string
}

export type PowerCutReport = {
  readonly entries: number
  readonly flushes: number
  readonly writtenBytes: number
  /** Prefixes of the log, in the order in which it was written. */
  readonly states: number
  /** The same with unflushed writes lost or torn. */
  readonly lostWriteStates: number
  readonly sampledStates: number
  readonly violationCount: number
  readonly violations: readonly Violation[]
  /** What the next boot would find, each time that it changes. */
  readonly timeline: readonly { readonly entries: number; readonly text: string }[]
}

/**
 * Pulls the plug after each write of a log, with and without the loss of what was not flushed, and asks each
 * time whether the machine would boot.
 */
export async function checkPowerCuts(check: PowerCutCheck): Promise<PowerCutReport> {
  using inspector = new DiskInspector(check.images, check.base)
  const run = new PowerCutRun(check, inspector)
  const { entries } = check.log
  let disk = new LoggedDisk(check.base, check.log)
  let flushed = disk
  let open: LoggedWrite[] = []
  await run.prefix(disk, 0)
  for (const [index, write] of entries.entries()) {
    check.signal?.throwIfAborted()
    disk = disk.after(write)
    if (write.kind === 'flush') {
      flushed = disk
      open = []
    } else open.push(write)
    await run.prefix(disk, index + 1)
    if (open.length > 0) run.losses(flushed, open, index + 1)
    // A minute of work in one piece would stop everything else in this process.
    await setImmediate()
  }
  return run.report(entries)
}

class PowerCutRun {
  #check: PowerCutCheck
  #inspector: DiskInspector
  #rule: CutRule
  #violations: Violation[] = []
  #violationCount = 0
  #timeline: { entries: number; text: string }[] = []
  #states = 0
  #lostWriteStates = 0
  #sampled = 0

  constructor(check: PowerCutCheck, inspector: DiskInspector) {
    this.#check = check
    this.#inspector = inspector
    this.#rule = check.rule ?? bootsKnownImage
  }

  async prefix(disk: LoggedDisk, entries: number): Promise<void> {
    this.#states += 1
    const found = this.#inspector.inspect(disk)
    const text = describeDisk(found)
    if (this.#timeline.at(-1)?.text !== text && this.#timeline.length < diskLimits.timelineMax)
      this.#timeline.push({ entries, text })
    for (const message of this.#rule(found)) this.#note({ entries, message })
    const { sample, log } = this.#check
    if (sample === undefined) return
    const every = Math.max(1, Math.floor(log.entries.length / sample.states))
    if (entries % every !== 0) return
    this.#sampled += 1
    for (const message of await sample.look(disk)) this.#note({ entries, message })
  }

  losses(flushed: LoggedDisk, open: readonly LoggedWrite[], entries: number): void {
    for (let index = 1; index <= (this.#check.seeds ?? 20); index++) {
      // A seed of its own for each state: the same one loses the same first writes each time.
      const loseSeed = entries * 1000 + index
      const disk = loseSome(flushed, open, loseSeed)
      this.#lostWriteStates += 1
      for (const message of this.#rule(this.#inspector.inspect(disk)))
        this.#note({ entries, loseSeed, message })
    }
  }

  #note(violation: Violation): void {
    this.#violationCount += 1
    if (this.#violations.length < diskLimits.violationsMax) this.#violations.push(violation)
  }

  report(entries: readonly LoggedWrite[]): PowerCutReport {
    const writes = entries.filter(({ kind }) => kind === 'write')
    return {
      entries: entries.length,
      flushes: entries.filter(({ kind }) => kind === 'flush').length,
      writtenBytes: writes.reduce((sum, { sectors }) => sum + sectors * 512, 0),
      states: this.#states,
      lostWriteStates: this.#lostWriteStates,
      sampledStates: this.#sampled,
      violationCount: this.#violationCount,
      violations: this.#violations,
      timeline: this.#timeline,
    }
  }
}
