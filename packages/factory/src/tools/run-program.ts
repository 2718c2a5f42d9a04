import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { StorageError } from '@skerry/artifact/storage-error'
import { toError } from '@skerry/base/assert'
import { stdoutBytesMax } from './limits.ts'
import { createLogTail, lastLines } from './log-tail.ts'
import { ToolError } from './tool-error.ts'

export type Program = {
  readonly command: readonly string[]
  /** What errors call it; the first word of the command unless told. */
  readonly name?: string
  readonly directory?: string
  readonly environment: Readonly<Record<string, string>>
  readonly stdin?: Uint8Array
  /** What it reads from file descriptor 3. */
  readonly descriptor3?: Uint8Array
  readonly stdoutBytesMax?: number
  /** Each line of its standard error, as it comes. */
  readonly onLine?: (line: string) => void
}

export type ProgramOutput = {
  readonly stdout: Buffer
  /** The end of what it wrote to standard error. */
  readonly log: string
}

/**
 * Runs a program to its end. Rejects with a ToolError when it cannot be started or says that it
 * failed, with a StorageError when it found the disk full, and when the signal aborts with the
 * signal's reason, once the whole process group is dead.
 */
export async function runProgram(program: Program, signal?: AbortSignal): Promise<ProgramOutput> {
  signal?.throwIfAborted()
  const name = program.name ?? program.command[0] ?? ''
  const child = start(program)
  const kill = () => killGroup(child)
  signal?.addEventListener('abort', kill, { once: true })
  try {
    return await outcome(child, program, name)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

function start(program: Program): ChildProcess {
  const [file, ...words] = program.command
  const child = spawn(file ?? '', words, {
    cwd: program.directory,
    env: { ...program.environment },
    // A group of its own, so that all that it starts ends with it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', program.descriptor3 === undefined ? 'ignore' : 'pipe'],
  })
  feed(child.stdin, program.stdin)
  if (program.descriptor3 !== undefined) feed(child.stdio[3] as Writable, program.descriptor3)
  return child
}

/** Whether a program reads what it is given is its own affair: a closed pipe is no error. */
function feed(pipe: Writable | null, bytes: Uint8Array | undefined): void {
  pipe?.on('error', () => undefined)
  pipe?.end(bytes)
}

function outcome(child: ChildProcess, program: Program, name: string): Promise<ProgramOutput> {
  const bytesMax = program.stdoutBytesMax ?? stdoutBytesMax
  const tail = createLogTail(program.onLine)
  const chunks: Buffer[] = []
  let sizeBytes = 0
  child.stderr?.on('data', (chunk: Buffer) => tail.write(chunk))
  child.stdout?.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes <= bytesMax) chunks.push(chunk)
    else killGroup(child)
  })
  const failure = (what: string, exitCode?: number) => {
    if (/No space left on device|Disk quota exceeded/.test(tail.text()))
      return new StorageError('DiskFull', `${name} found no space left: free some and try again.`)
    const lines = lastLines(tail.text())
    const message = `${name} ${what}${lines === '' ? '.' : `:\n${lines}`}`
    return new ToolError(message, { program: name, exitCode, log: tail.text() })
  }
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(failure(`could not be started (${toError(error).message})`))
    })
    child.once('close', (code, signalName) => {
      tail.end()
      if (sizeBytes > bytesMax) reject(failure(`wrote more than ${bytesMax} bytes`))
      else if (code === 0) resolve({ stdout: Buffer.concat(chunks), log: tail.text() })
      else if (code === null) reject(failure(`was ended by ${String(signalName)}`))
      else reject(failure(`failed with status ${code}`, code))
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group has ended by itself.
  }
}
