import type { SiteLayer } from '@skerry/api/site-spec'
import { assert } from '@skerry/base/assert'
import type { CurrentWorkload } from '@skerry/planner/site-state'
import type { Host } from '../host.ts'
import type { Children } from './children.ts'
import { noCrashes } from './crash-count.ts'
import { WorkloadProcess } from './workload-process.ts'
import type { ProcessLogs } from './rotating-log.ts'

/** Operating-system processes that are kept running. It does as it is told; the planner decides. */
export type WorkloadRuntime = {
  observe(): CurrentWorkload[]
  /** Starts a process, or starts it again with its count of crashes. */
  start(content: SiteLayer, ports: Readonly<Record<string, number>>): void
  /** Begins to stop it; it is gone from `observe` when it has ended. */
  stop(layer: string): void
  /** Ends everything; resolves when nothing runs. */
  stopAll(): Promise<void>
}

export type WorkloadRuntimeOptions = {
  readonly host: Host
  readonly children: Children
  readonly data: string
  readonly logs: ProcessLogs
  /** Name of the site. */
  readonly site: () => string
  readonly onChange: () => void
}

export function createWorkloadRuntime(options: WorkloadRuntimeOptions): WorkloadRuntime {
  const { host, children, data, logs, onChange } = options
  const running = new Map<string, WorkloadProcess>()

  const stop = async (process: WorkloadProcess): Promise<void> => {
    process.stop()
    onChange()
    await process.gone
    if (running.get(process.content.name) === process) running.delete(process.content.name)
    onChange()
  }

  return {
    observe: () => [...running.values()].map((process) => process.observe()),
    start(content, ports) {
      const before = running.get(content.name)
      assert(before === undefined || before.phase === 'Ended', `${content.name} is not running`)
      const isAgain = before?.content.digest === content.digest
      const count = isAgain ? { ...before.count, restarts: before.count.restarts + 1 } : noCrashes
      const message = isAgain ? before.message : undefined
      const site = options.site()
      const place = { host, children, data, logs, site, onChange }
      running.set(content.name, new WorkloadProcess({ ...place, content, ports, count, message }))
      onChange()
    },
    stop(layer) {
      const process = running.get(layer)
      if (process !== undefined) void stop(process)
    },
    stopAll: async () => {
      await Promise.all(running.values().map(stop))
    },
  }
}
