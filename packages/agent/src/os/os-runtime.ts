import type { SiteLayer } from '@skerry/api/site-spec'
import { type CurrentOs, type Installing, type Trial } from '@skerry/planner/os-state'
import { percentOf } from '@skerry/planner/assess-os'
import { contentName } from '@skerry/planner/step'
import type { OsActResult, SwitchIntent } from '@skerry/node-os/upgrade/os-machine'
import type { ReadableBus } from '../bus.ts'
import type { ConnectionState } from '../buses.ts'
import type { Host } from '../host.ts'
import type { ImageMachine } from './image-machine.ts'
import { installImage, isAgainstImage } from './install-image.ts'
import { restartGraceMs } from './limits.ts'

/** The machine did not do what it was asked; nothing was changed. */
export class OsRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'OsRefused'
  }
}

export type InstallEnd =
  | { readonly result: 'Done' | 'Stopped' }
  /** To be tried again. */
  | { readonly result: 'Held'; readonly message: string }
  /** The image is to blame. */
  | { readonly result: 'Failed'; readonly message: string }

/** The operating system of the machine, as the steps of a plan see it. It does as it is told. */
export type OsRuntime = {
  observe(): CurrentOs
  /** The end comes by `onEnd`. */
  startInstall(content: SiteLayer): void
  /** Lets go of an image that is not in this list any more. */
  keepOnly(digests: ReadonlySet<string>): void
  switchTo(imageId: string, content: Pick<SwitchIntent, 'digest' | 'attempt'>): Promise<void>
  restart(): Promise<void>
  bless(): Promise<void>
  condemn(message: string): Promise<void>
  /** What the trial of the running image, or the care for one that was kept, has found. */
  setTrial(trial: Trial): void
  setAilment(ailment: string | undefined): void
}

export type OsRuntimeOptions = {
  readonly host: Host
  readonly machine: ImageMachine
  readonly connection: ReadableBus<ConnectionState>
  /** Whether the hub answers just now. */
  readonly askHub: () => Promise<boolean>
  /** Tells the hub how things stand, if it can be reached, within a bound. */
  readonly announce: () => Promise<void>
  readonly onChange: () => void
  readonly onEnd: (content: SiteLayer, end: InstallEnd) => void
}

const beginning: Trial = { verdict: 'Judging', message: 'it has only just started' }

export function createOsRuntime(options: OsRuntimeOptions): OsRuntime {
  return new ImageOsRuntime(options)
}

type Install = { readonly stop: AbortController; progress: Installing }

class ImageOsRuntime implements OsRuntime {
  readonly #options: OsRuntimeOptions
  #install: Install | undefined
  #trial: Trial = beginning
  #ailment: string | undefined
  #restartOrderedMs: number | undefined

  constructor(options: OsRuntimeOptions) {
    this.#options = options
  }

  observe(): CurrentOs {
    const { host, machine } = this.#options
    const { report, isOnTrial, staged, switched, condemned, tried } = machine.os.observe()
    const { imageId, version, digest, outcomes } = report
    return {
      imageId,
      version,
      digest,
      isOnTrial,
      trial: this.#trial,
      ailment: isOnTrial ? undefined : this.#ailment,
      staged: staged.map((image) => image.imageId),
      switched,
      isRestarting: this.#isRestarting(),
      installing: this.#install?.progress,
      condemned: condemned.map((each) => ({
        imageId: each.imageId,
        digest: each.digest,
        message: `${each.result} (${each.evidence}): ${each.message}`,
      })),
      tried,
      wallMs: host.clock.now(),
      outcomes,
    }
  }

  startInstall(content: SiteLayer): void {
    if (this.#install !== undefined) return
    const { digest } = content
    const install: Install = {
      stop: new AbortController(),
      progress: { digest, doneBytes: 0, totalBytes: content.os?.root.sizeBytes ?? 0 },
    }
    this.#install = install
    this.#say(`image ${contentName(content)} is brought into a slot`)
    void this.#bring(content, install)
  }

  async #bring(content: SiteLayer, install: Install): Promise<void> {
    const { machine, connection, onChange, onEnd, host } = this.#options
    const onProgress = (doneBytes: number, totalBytes: number): void => {
      const before = percentOf(install.progress)
      install.progress = { ...install.progress, doneBytes, totalBytes }
      if (percentOf(install.progress) !== before) onChange()
    }
    const run = () =>
      installImage({ machine, connection, onProgress }, content, install.stop.signal)
    const result = await run().catch((error: unknown): OsActResult => {
      // A bug here must not end the agent, which is to fetch the version in which it is mended.
      host.log.error('An installation broke', { error: String(error) })
      return { ok: false, reason: 'Disk', message: String(error) }
    })
    this.#install = undefined
    const end = endOf(result, install.stop.signal.aborted)
    const name = contentName(content)
    this.#say(
      'message' in end
        ? `image ${name} is not in a slot: ${end.message}`
        : `image ${name} is ${end.result === 'Done' ? 'complete' : 'no longer wanted'}`,
    )
    onEnd(content, end)
    onChange()
  }

  keepOnly(digests: ReadonlySet<string>): void {
    const install = this.#install
    if (install !== undefined && !digests.has(install.progress.digest))
      install.stop.abort(new Error('Nothing wants this image any more'))
  }

  async switchTo(
    imageId: string,
    content: Pick<SwitchIntent, 'digest' | 'attempt'>,
  ): Promise<void> {
    const { machine, askHub } = this.#options
    const [didHubAnswer, networkProblem] = await Promise.all([askHub(), machine.probes.network()])
    const hadNetwork = networkProblem === undefined
    check(await machine.os.switchTo(imageId, { ...content, didHubAnswer, hadNetwork }))
    const hub = didHubAnswer ? 'the hub answers' : 'the hub does not answer'
    this.#say(`image ${imageId.slice(0, 12)} is the next to start (${hub})`)
  }

  restart(): Promise<void> {
    this.#say('the machine restarts into another image')
    return this.#leave(() => this.#options.machine.os.restart())
  }

  async bless(): Promise<void> {
    const { machine } = this.#options
    check(await machine.os.bless())
    this.#say(`image ${machine.os.observe().report.version} is well and is kept`)
  }

  condemn(message: string): Promise<void> {
    const { version } = this.#options.machine.os.observe().report
    this.#say(`image ${version} is ${message}: the machine restarts into the one before`)
    return this.#leave(() => this.#options.machine.os.condemn(message))
  }

  setTrial(trial: Trial): void {
    if (trial.verdict === 'Judging') this.#say(`on trial: ${trial.message}`)
    this.#trial = trial
    this.#options.onChange()
  }

  setAilment(ailment: string | undefined): void {
    this.#ailment = ailment
    this.#options.onChange()
  }

  /** The hub is told first; the watchdog sees to it that a hang on the way down ends in a reset. */
  async #leave(act: () => Promise<OsActResult>): Promise<void> {
    const { host, machine, announce } = this.#options
    await announce()
    machine.pulse.setLeaving(true)
    this.#restartOrderedMs = host.clock.monotonicMs()
    const result = await act()
    if (!result.ok) {
      machine.pulse.setLeaving(false)
      this.#restartOrderedMs = undefined
    }
    check(result)
  }

  #say(line: string): void {
    this.#options.machine.say(line)
  }

  #isRestarting(): boolean {
    const ordered = this.#restartOrderedMs
    if (ordered === undefined) return false
    return this.#options.host.clock.monotonicMs() - ordered < restartGraceMs
  }
}

function check(result: OsActResult): void {
  if (!result.ok) throw new OsRefused(`${result.reason}: ${result.message}`)
}

function endOf(result: OsActResult, isStopped: boolean): InstallEnd {
  if (result.ok) return { result: 'Done' }
  if (isStopped || result.reason === 'Stopped') return { result: 'Stopped' }
  const message = `${result.reason}: ${result.message}`
  return { result: isAgainstImage(result.reason) ? 'Failed' : 'Held', message }
}
