import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@skerry/base/random'
import type { ChaosHub } from './hub-chaos-hub.ts'
import { descendantsOf } from './processes.ts'

export type FaultOptions = {
  readonly random: Random
  readonly hubs: readonly ChaosHub[]
  readonly databaseFolder: string
  readonly signal: AbortSignal
  /** How many writes were tried so far, and how many there will be. */
  readonly written: () => number
  readonly writesMax: number
  readonly faults: number
}

const kinds = [
  'kill a hub',
  'kill a hub',
  'stop a hub for a while',
  'kill PostgreSQL',
  'kill a backend of PostgreSQL',
  'stop PostgreSQL for a while',
  'reset the connections to the database',
  'reset the connections of clients',
  'stall the connections to the database',
  'stall the connections of clients',
] as const

/** What is done to whom once so many writes were tried. */
type PlannedFault = {
  readonly kind: (typeof kinds)[number]
  readonly hub: ChaosHub
  readonly atWrites: number
  readonly forMs: number
}

/** Faults go by the number of writes, so that a seed means the same on a slow machine. */
function planFaults({ random, hubs, writesMax, faults }: FaultOptions): PlannedFault[] {
  return Array.from({ length: faults }, (_, index) => ({
    kind: kinds[Math.floor(random.next() * kinds.length)]!,
    hub: hubs[Math.floor(random.next() * hubs.length)]!,
    atWrites: (writesMax * (index + random.next())) / (faults + 1),
    forMs: 100 + random.next() * 1500,
  }))
}

/** Does harm while others write, and has put right what it did when it resolves. */
export async function doHarm(options: FaultOptions): Promise<string[]> {
  const { written, signal } = options
  const done: string[] = []
  for (const { kind, hub, atWrites, forMs } of planFaults(options)) {
    while (written() < atWrites && !signal.aborted) {
      await pause(10, signal)
      // It must not have died by itself; that is told in the end.
      for (const each of options.hubs) if (each.pid === undefined) await each.start()
    }
    if (signal.aborted) break
    if (await harm(kind, hub, { ...options, forMs }))
      done.push(kind.replace('a hub', `hub ${hub.name}`))
  }
  return done
}

type Harm = FaultOptions & { readonly forMs: number }

async function harm(kind: (typeof kinds)[number], hub: ChaosHub, options: Harm): Promise<boolean> {
  const { forMs } = options
  switch (kind) {
    case 'kill a hub':
      await hub.kill()
      await sleep(forMs / 3)
      await hub.start()
      return true
    case 'stop a hub for a while':
      return await stopProcesses(hub.pid === undefined ? [] : [hub.pid], forMs * 1.5)
    case 'kill PostgreSQL':
      return signalOne(postmaster(options), 'SIGKILL')
    case 'kill a backend of PostgreSQL':
      return signalOne(backend(options), 'SIGKILL')
    case 'stop PostgreSQL for a while':
      return await stopProcesses(
        [postmaster(options), ...backends(options)].filter((pid) => pid !== undefined),
        forMs,
      )
    case 'reset the connections to the database':
      return hub.toDatabase.resetAll() > 0
    case 'reset the connections of clients':
      return hub.toClients.resetAll() > 0
    case 'stall the connections to the database':
    case 'stall the connections of clients': {
      const proxy = kind.endsWith('clients') ? hub.toClients : hub.toDatabase
      proxy.stall(true)
      await sleep(forMs)
      proxy.stall(false)
      return true
    }
  }
}

function postmaster({ databaseFolder }: FaultOptions): number | undefined {
  try {
    const file = join(databaseFolder, 'postgres/data/postmaster.pid')
    return Number(readFileSync(file, 'utf8').split('\n')[0])
  } catch {
    return undefined
  }
}

function backends(options: FaultOptions): number[] {
  const pid = postmaster(options)
  return pid === undefined ? [] : descendantsOf(pid).map((entry) => entry.pid)
}

function backend(options: FaultOptions): number | undefined {
  const all = backends(options)
  return all[Math.floor(options.random.next() * all.length)]
}

function signalOne(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

async function stopProcesses(pids: readonly number[], forMs: number): Promise<boolean> {
  const stopped = pids.filter((pid) => signalOne(pid, 'SIGSTOP'))
  await sleep(forMs)
  for (const pid of stopped) signalOne(pid, 'SIGCONT')
  return stopped.length > 0
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
