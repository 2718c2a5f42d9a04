import { type ChildProcess as NodeChild, spawn } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { toError } from '@skerry/base/assert'
import { startTicksOf } from '@skerry/base/process-start'
import type { ChildProcess, Connection, ProcessExit, Processes, SpawnOptions } from './host.ts'
import { logLineBytesMax, waitingConnectionsMax } from './limits.ts'

/** The socket behind a connection of this machine. */
export type SocketOf = (connection: Connection) => Socket | undefined

/** What every process is given of the agent's own environment; the rest may hold secrets. */
const inherited = ['PATH', 'HOME', 'USER', 'LANG', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH'] as const

export function createRealProcesses(socketOf: SocketOf): Processes {
  return {
    spawn: (options) => start(options, socketOf),
    identityOf,
    signalGroup,
    signalProcess,
    withEnvironment: async (name, value) => {
      const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry))
      const found: number[] = []
      for (const pid of pids)
        if (Number(pid) !== process.pid && (await hasEnvironment(pid, `${name}=${value}`)))
          found.push(Number(pid))
      return found
    },
    memoryBytes: async (pid) => {
      const status = await readProc(`${pid}/status`)
      const held = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1]
      return held === undefined ? undefined : Number(held) * 1024
    },
  }
}

function start(options: SpawnOptions, socketOf: SocketOf): ChildProcess {
  const child = tryToSpawn(options)
  return child instanceof Error ? neverStarted(child) : follow(child, options, socketOf)
}

/** Some of what keeps a process from starting Node.js tells by an event, and some it throws. */
function tryToSpawn(options: SpawnOptions): NodeChild | Error {
  const [program = '', ...words] = options.command
  const own = inherited.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  )
  try {
    return spawn(program, words, {
      cwd: options.directory,
      env: { ...Object.fromEntries(own), ...options.environment },
      // A group of its own, so that a signal reaches whatever it starts in turn.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(options.hasChannel === true ? (['ipc'] as const) : [])],
      ...(options.uid === undefined ? {} : { uid: options.uid }),
    })
  } catch (thrown) {
    return toError(thrown)
  }
}

function neverStarted({ message: error }: Error): ChildProcess {
  return {
    pid: undefined,
    exited: Promise.resolve({ code: null, signal: null, error }),
    signal: () => {},
    send: () => false,
  }
}

function follow(child: NodeChild, options: SpawnOptions, socketOf: SocketOf): ChildProcess {
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error: error.message })
    })
    // Its last words arrive with the end and are read in the turns after it.
    child.once('exit', (code, signal) =>
      setImmediate(() => setImmediate(resolve, { code, signal })),
    )
  })
  // A process that found no room in the table of open files has no streams at all.
  for (const stream of [child.stdout, child.stderr] as (Readable | null | undefined)[])
    if (stream) readLines(stream, options.onLine)
  const { onMessage } = options
  if (onMessage !== undefined) child.on('message', (message) => onMessage(message))
  return {
    pid: child.pid,
    exited,
    signal: (signal) => {
      if (child.pid !== undefined) signalGroup(child.pid, signal)
    },
    send: createSender(child, options, socketOf),
  }
}

/**
 * Node.js forgets about a socket that was on its way to a process that died, and leaves it open for
 * ever. So the agent keeps its own end until the process says that it has the other: the
 * acknowledgement is the event on which `node:cluster` relies.
 */
function createSender(
  child: NodeChild,
  options: SpawnOptions,
  socketOf: SocketOf,
): ChildProcess['send'] {
  const underWay: { readonly connection: Connection; readonly socket: Socket }[] = []
  const giveBack = (): void => {
    for (const { connection } of underWay.splice(0)) options.onReturn?.(connection)
  }
  child.on('internalMessage', (message: { readonly cmd?: string }) => {
    if (message.cmd === 'NODE_HANDLE_ACK') underWay.shift()?.socket.destroy()
  })
  // Acknowledgements that arrived with the end are read in the turns after it. (`disconnect` never
  // comes while a socket is under way.)
  child.once('exit', () => setImmediate(() => setImmediate(giveBack)))
  return (message, connection) => {
    const isGone = !child.connected || child.exitCode !== null || child.signalCode !== null
    if (isGone || underWay.length >= waitingConnectionsMax) return false
    const socket = connection && socketOf(connection)
    if (connection !== undefined && socket !== undefined) underWay.push({ connection, socket })
    // A channel that breaks is followed by the end of the process, which gives everything back.
    child.send(message, socket, { keepOpen: true }, () => {})
    return true
  }
}

/** Lines of a bounded length; what has no end in sight is cut. */
function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, logLineBytesMax)
    for (const line of lines) onLine(line)
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
  // A pipe that breaks has ended: the exit of the process says why.
  stream.on('error', () => {})
}

function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  signalProcess(-pid, signal)
}

function signalProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already, which is what was wanted.
  }
}

/** Start time since boot, and which boot: together they name a process for good. */
async function identityOf(pid: number): Promise<string | undefined> {
  const startTicks = startTicksOf((await readProc(`${pid}/stat`)) ?? '')
  if (startTicks === undefined) return undefined
  const boot = await readProc('sys/kernel/random/boot_id')
  return `${boot?.trim() ?? ''} ${startTicks}`
}

async function hasEnvironment(pid: string, entry: string): Promise<boolean> {
  return (await readProc(`${pid}/environ`))?.split('\0').includes(entry) === true
}

async function readProc(path: string): Promise<string | undefined> {
  // A process may end, or belong to somebody else, between two looks.
  return readFile(`/proc/${path}`, 'utf8').catch(() => undefined)
}
