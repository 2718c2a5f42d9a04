import type { SiteLayer } from '@skerry/api/site-spec'
import { assert } from '@skerry/base/assert'
import { type CurrentWorkload, portsKey } from '@skerry/planner/site-state'
import { type ChildProcess, type Host, type ProcessExit, describeExit } from '../host.ts'
import { memoryCheckMs, workloadRestart, workloadStartMs } from '../limits.ts'
import type { Children } from './children.ts'
import { type CrashCount, afterCrash, noCrashes } from './crash-count.ts'
import { type RotatingLog, createRotatingLog } from './rotating-log.ts'

/** Operating-system processes that are kept running. It does as it is told; the planner decides. */
export type WorkloadRuntime = {
  observe(): CurrentWorkload[]
  /** Starts a process, or starts it again with its count of crashes. */
  start(content: SiteLayer, ports: Readonly<Record<string, number>>): void
  /** SIGTERM now, SIGKILL after the grace. It is gone from `observe` when it has ended. */
  stop(layer: string): void
  /** Ends everything; resolves when nothing runs. */
  stopAll(): Promise<void>
}

export type WorkloadRuntimeOptions = {
  readonly host: Host
  readonly children: Children
  readonly data: string
  readonly site: string
  onChange(): void
}

type Running = {
  readonly content: SiteLayer
  readonly portsKey: string
  readonly child: ChildProcess
  readonly startedMs: number
  /** Ends what watches the process. */
  readonly ended: AbortController
  readonly log: RotatingLog
  readonly gone: Promise<void>
  count: CrashCount
  phase: CurrentWorkload['phase']
  message: string | undefined
}

export function createWorkloadRuntime(options: WorkloadRuntimeOptions): WorkloadRuntime {
  const { host, children, onChange } = options
  const running = new Map<string, Running>()

  const start: WorkloadRuntime['start'] = (content, ports) => {
    const { name, workload } = content
    assert(workload !== undefined, `layer ${name} is a workload`)
    const before = running.get(name)
    assert(before === undefined || before.phase === 'Ended', `${name} is not running`)
    const isAgain = before?.content.digest === content.digest
    const log = createRotatingLog(host.disk, `${options.data}/logs/${name}.log`)
    const child = children.spawn({
      command: workload.command,
      environment: environmentOf(content, options.site, ports),
      directory: options.data,
      onLine: (line) => log.write(line),
    })
    const entry: Running = {
      content,
      portsKey: portsKey(ports),
      child,
      startedMs: host.clock.monotonicMs(),
      ended: new AbortController(),
      log,
      gone: child.exited.then((exit) => whenEnded(entry, exit)),
      count: isAgain ? { ...before.count, restarts: before.count.restarts + 1 } : noCrashes,
      phase: 'Starting',
      message: isAgain ? before.message : undefined,
    }
    running.set(name, entry)
    watch(entry)
    onChange()
  }

  const watch = (entry: Running): void => {
    void whileRunning(entry, async (signal) => {
      await host.clock.sleep(workloadStartMs, signal)
      if (entry.phase === 'Starting') entry.phase = 'Running'
      onChange()
    })
    const maxMiB = entry.content.workload?.memoryMaxMiB
    if (maxMiB !== undefined)
      void whileRunning(entry, async (signal) => {
        for (;;) {
          await host.clock.sleep(memoryCheckMs, signal)
          await checkMemory(entry, maxMiB)
        }
      })
  }

  const checkMemory = async (entry: Running, maxMiB: number): Promise<void> => {
    const { pid } = entry.child
    const bytes = pid === undefined ? undefined : await host.processes.memoryBytes(pid)
    if (bytes === undefined || bytes <= maxMiB * 1024 * 1024) return
    const heldMiB = Math.ceil(bytes / 1024 / 1024)
    entry.message = `it was ended as it held ${heldMiB} MiB: memoryMaxMiB is ${maxMiB}`
    entry.child.signal('SIGKILL')
  }

  const whenEnded = async (entry: Running, exit: ProcessExit): Promise<void> => {
    entry.ended.abort(new Error('The process ended'))
    const nowMs = host.clock.monotonicMs()
    const { name } = entry.content
    if (entry.phase === 'Stopping') running.delete(name)
    else {
      const end = { aliveMs: nowMs - entry.startedMs, nowMs }
      entry.count = afterCrash(entry.count, end, workloadRestart, host.random)
      const isKilledByUs = entry.message?.startsWith('it was ended as') === true
      if (!isKilledByUs || exit.signal !== 'SIGKILL') entry.message = describeExit(exit)
      entry.phase = 'Ended'
      host.log.warn('A workload ended', { layer: name, reason: entry.message })
    }
    onChange()
    await entry.log[Symbol.asyncDispose]()
  }

  const stop = (layer: string): void => {
    const entry = running.get(layer)
    if (entry === undefined || entry.phase === 'Stopping') return
    if (entry.phase === 'Ended') {
      running.delete(layer)
      onChange()
      return
    }
    entry.phase = 'Stopping'
    entry.child.signal('SIGTERM')
    const graceMs = (entry.content.workload?.stopGraceSeconds ?? 10) * 1000
    void whileRunning(entry, async (signal) => {
      await host.clock.sleep(graceMs, signal)
      entry.child.signal('SIGKILL')
    })
    onChange()
  }

  return {
    start,
    stop,
    observe: () => [...running.values()].map(describe),
    async stopAll() {
      const all = [...running.values()]
      for (const entry of all) stop(entry.content.name)
      await Promise.all(all.map((entry) => entry.gone))
    },
  }
}

/** Runs `watch` until the process has ended, which ends it quietly. */
async function whileRunning(
  entry: Running,
  watch: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    await watch(entry.ended.signal)
  } catch (error) {
    if (!entry.ended.signal.aborted) throw error
  }
}

function describe(entry: Running): CurrentWorkload {
  const { content, phase, count } = entry
  const retryAtMs = phase === 'Ended' ? count.retryAtMs : undefined
  return {
    layer: content.name,
    digest: content.digest,
    phase,
    portsKey: entry.portsKey,
    restarts: count.restarts,
    crashes: count.crashes,
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
    ...(entry.message === undefined ? {} : { message: entry.message }),
  }
}

/** What a workload is told: its site, and where each model answers. */
function environmentOf(
  content: SiteLayer,
  site: string,
  ports: Readonly<Record<string, number>>,
): Record<string, string> {
  const models = Object.entries(ports).map(([layer, port]) => [
    `SKERRY_MODEL_${layer.toUpperCase().replaceAll('-', '_')}_URL`,
    `http://127.0.0.1:${port}`,
  ])
  return {
    SKERRY_SITE: site,
    ...(Object.fromEntries(models) as Record<string, string>),
    ...content.workload?.environment,
  }
}
