import type { SiteLayer } from '@skerry/api/site-spec'
import { assert } from '@skerry/base/assert'
import { type CurrentWorkload, portsKey } from '@skerry/planner/site-state'
import { type ChildProcess, type Host, type ProcessExit, describeExit } from '../host.ts'
import { memoryCheckMs, workloadRestart, workloadStartMs } from '../limits.ts'
import type { Children } from './children.ts'
import { type CrashCount, afterCrash } from './crash-count.ts'
import type { ProcessLogs } from './rotating-log.ts'

export type WorkloadProcessOptions = {
  readonly host: Host
  readonly children: Children
  readonly data: string
  readonly logs: ProcessLogs
  readonly site: string
  readonly content: SiteLayer
  readonly ports: Readonly<Record<string, number>>
  readonly count: CrashCount
  /** How it ended the last time. */
  readonly message: string | undefined
  readonly onChange: () => void
}

/** One process of a workload, from its start to its end. */
export class WorkloadProcess {
  readonly content: SiteLayer
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>
  #phase: CurrentWorkload['phase'] = 'Starting'
  #count: CrashCount
  #message: string | undefined
  /** Why we ended it, if we did. */
  #verdict: string | undefined
  readonly #startedMs: number
  readonly #child: ChildProcess
  readonly #ended = new AbortController()
  readonly #options: WorkloadProcessOptions

  constructor(options: WorkloadProcessOptions) {
    const { host, content, data } = options
    const { workload } = content
    assert(workload !== undefined, `layer ${content.name} is a workload`)
    this.#options = options
    this.content = content
    this.#count = options.count
    this.#message = options.message
    this.#startedMs = host.clock.monotonicMs()
    const log = options.logs.of(content.name)
    this.#child = options.children.spawn({
      command: workload.command,
      environment: environmentOf(content, options.site, options.ports),
      directory: data,
      onLine: (line) => log.write(line),
    })
    this.gone = this.#child.exited.then((exit) => this.#end(exit))
    void this.#untilEnded((signal) => this.#whenStarted(signal))
    void this.#untilEnded((signal) => this.#watchMemory(signal))
  }

  get phase(): CurrentWorkload['phase'] {
    return this.#phase
  }

  get count(): CrashCount {
    return this.#count
  }

  get message(): string | undefined {
    return this.#message
  }

  observe(): CurrentWorkload {
    const untilMs = {
      Starting: this.#startedMs + workloadStartMs,
      Ended: this.#count.retryAtMs,
      Running: undefined,
      Stopping: undefined,
    }[this.#phase]
    return {
      layer: this.content.name,
      digest: this.content.digest,
      phase: this.#phase,
      portsKey: portsKey(this.#options.ports),
      restarts: this.#count.restarts,
      crashes: this.#count.crashes,
      ...(untilMs === undefined ? {} : { retryAtMs: untilMs }),
      ...(this.#message === undefined ? {} : { message: this.#message }),
    }
  }

  /** SIGTERM now, SIGKILL after the grace. */
  stop(): void {
    if (this.#phase === 'Stopping' || this.#phase === 'Ended') return
    this.#phase = 'Stopping'
    this.#child.signal('SIGTERM')
    const graceMs = (this.content.workload?.stopGraceSeconds ?? 10) * 1000
    void this.#untilEnded(async (signal) => {
      await this.#options.host.clock.sleep(graceMs, signal)
      this.#child.signal('SIGKILL')
    })
  }

  async #whenStarted(signal: AbortSignal): Promise<void> {
    await this.#options.host.clock.sleep(workloadStartMs, signal)
    if (this.#phase === 'Starting') this.#phase = 'Running'
    this.#options.onChange()
  }

  async #watchMemory(signal: AbortSignal): Promise<void> {
    const { clock, processes } = this.#options.host
    const maxMiB = this.content.workload?.memoryMaxMiB
    const { pid } = this.#child
    if (maxMiB === undefined || pid === undefined) return
    for (;;) {
      await clock.sleep(memoryCheckMs, signal)
      const heldMiB = ((await processes.memoryBytes(pid)) ?? 0) / 1024 / 1024
      if (heldMiB <= maxMiB) continue
      this.#verdict = `it held ${Math.ceil(heldMiB)} MiB and was ended: memoryMaxMiB is ${maxMiB}`
      this.#child.signal('SIGKILL')
    }
  }

  /** The end of the process ends what watches it. */
  async #untilEnded(watch: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await watch(this.#ended.signal)
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error
    }
  }

  #end(exit: ProcessExit): void {
    const { host, onChange } = this.#options
    this.#ended.abort(new Error('The process ended'))
    if (this.#phase !== 'Stopping') {
      const nowMs = host.clock.monotonicMs()
      const end = { aliveMs: nowMs - this.#startedMs, nowMs }
      this.#count = afterCrash(this.#count, end, workloadRestart, host.random)
      this.#message = this.#verdict ?? describeExit(exit)
      host.log.warn('A workload ended', { layer: this.content.name, reason: this.#message })
    }
    this.#phase = 'Ended'
    onChange()
  }
}

/** What a workload is told: its site, and where each model answers. */
function environmentOf(
  content: SiteLayer,
  site: string,
  ports: Readonly<Record<string, number>>,
): Record<string, string> {
  const models = Object.entries(ports).map(
    ([layer, port]) =>
      [
        `SKERRY_MODEL_${layer.toUpperCase().replaceAll('-', '_')}_URL`,
        `http://127.0.0.1:${port}`,
      ] as const,
  )
  return {
    SKERRY_SITE: site,
    ...Object.fromEntries(models),
    ...content.workload?.environment,
  }
}
