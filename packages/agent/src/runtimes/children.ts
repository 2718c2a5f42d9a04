import { type ChildProcess, DiskError, type Host, type SpawnOptions } from '../host.ts'
import { leftoverGraceMs } from '../limits.ts'
import type { AgentState, ChildRecord } from '../state/agent-state.ts'

/**
 * The processes that the agent starts. Each carries the agent's mark in its environment and is written
 * down, so that an agent that starts after a `kill -9` finds and ends what it left behind.
 */
export type Children = {
  spawn(options: SpawnOptions): ChildProcess
  /** Ends what an earlier run of this agent left. Returns how many processes that were. */
  endLeftovers(): Promise<number>
}

const markName = 'SKERRY_AGENT'
const pollMs = 50

export function createChildren(host: Host, state: AgentState, data: string): Children {
  const { processes } = host
  const records = new Map<number, ChildRecord>()
  const save = async (): Promise<void> => {
    try {
      await state.children.write([...records.values()])
    } catch (error) {
      // The mark in the environment finds them too: a full disk keeps nothing from running.
      if (!(error instanceof DiskError)) throw error
      host.log.warn('The list of processes was not written', { error: error.message })
    }
  }

  const watch = async (child: ChildProcess, pid: number): Promise<void> => {
    const identity = await processes.identityOf(pid)
    if (identity !== undefined) {
      records.set(pid, { pid, identity })
      await save()
    }
    await child.exited
    // A group outlives its leader: what the process started goes with it.
    processes.signalGroup(pid, 'SIGKILL')
    if (records.delete(pid)) await save()
  }

  /** What a process started in turn may lead no group of its own. */
  const end = (pid: number, signal: 'SIGTERM' | 'SIGKILL'): void => {
    processes.signalGroup(pid, signal)
    processes.signalProcess(pid, signal)
  }

  const isThere = async (record: ChildRecord): Promise<boolean> =>
    (await processes.identityOf(record.pid)) === record.identity

  const findLeftovers = async (): Promise<ChildRecord[]> => {
    const recorded = (await state.children.read()) ?? []
    const found = new Map<number, ChildRecord>()
    for (const record of recorded) if (await isThere(record)) found.set(record.pid, record)
    for (const pid of await processes.withEnvironment(markName, data)) {
      const identity = await processes.identityOf(pid)
      if (identity !== undefined) found.set(pid, { pid, identity })
    }
    return [...found.values()]
  }

  return {
    spawn(options) {
      const environment = { ...options.environment, [markName]: data }
      const child = processes.spawn({ ...options, environment })
      if (child.pid !== undefined) void watch(child, child.pid)
      return child
    },
    async endLeftovers() {
      const leftovers = await findLeftovers()
      for (const { pid } of leftovers) end(pid, 'SIGTERM')
      for (let waitedMs = 0; waitedMs < leftoverGraceMs; waitedMs += pollMs) {
        const alive = await Promise.all(leftovers.map(isThere))
        if (!alive.includes(true)) break
        await host.clock.sleep(pollMs)
      }
      for (const record of leftovers) if (await isThere(record)) end(record.pid, 'SIGKILL')
      await save()
      return leftovers.length
    },
  }
}
