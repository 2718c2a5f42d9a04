import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { createHttpState } from '@skerry/client/http-state'
import { loadKubeconfig } from '@skerry/client/kubeconfig'

const program = join(import.meta.dirname, '../src/main.ts')
const startsWithinMs = 60_000

export type LogLine = { readonly level: string; readonly message: string }

/** The hub as a process of its own, as it is started for real. */
export type HubProcess = AsyncDisposable & {
  readonly child: ChildProcess
  /** All that it said on stderr. */
  said(): string
  /** Resolves with its exit code when it ended by itself. */
  readonly exited: Promise<number | null>
  /** As the administrator, by the kubeconfig that it wrote. Rejects when it ends before it is ready. */
  ready(): Promise<State & AsyncDisposable>
}

export function startHub(...args: string[]): HubProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const data = args[args.indexOf('--data') + 1] ?? ''
  return {
    child,
    said: () => output,
    exited,
    async ready() {
      const deadlineMs = Date.now() + startsWithinMs
      while (!output.includes('The hub is ready.')) {
        if (child.exitCode !== null || Date.now() > deadlineMs)
          throw new Error(`The hub did not start: ${output}`)
        await systemClock.sleep(20)
      }
      const address = await loadKubeconfig(join(data, 'kubeconfig'))
      return createHttpState({ ...address, kinds, clock: systemClock })
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** Runs a hub that cannot start, to its end, which must come by itself. */
export async function failedStart(
  ...args: string[]
): Promise<{ code: number | null; said: string }> {
  const hub = startHub(...args)
  const late = new AbortController()
  systemClock.sleep(startsWithinMs, late.signal).then(
    () => hub.child.kill('SIGKILL'),
    () => {},
  )
  const code = await hub.exited
  late.abort()
  return { code, said: hub.said() }
}

/** The one line of level `error` that a hub which could not start has said. */
export function onlyError(said: string): string {
  const errors = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ level }) => level === 'error')
  if (errors.length !== 1) throw new Error(`one error was expected: ${said}`)
  return errors[0]!.message
}

/** A folder for the time of a test. */
export type Folder = Disposable & { readonly path: string }

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'skerry-hub-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Why a test that needs a disk of its own cannot run here; false when it can. */
export const mountProblem: string | false = findMountProblem()

function findMountProblem(): string | false {
  try {
    using _ = mountedFolder('size=1m')
    return false
  } catch {
    return 'a small disk needs mount(8) and the right to use it (root)'
  }
}

/** A disk of its own, in memory, that ends with the test. */
export function mountedFolder(options: string): Folder {
  const folder = temporaryFolder()
  const path = join(folder.path, 'disk')
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' })
  return {
    path,
    [Symbol.dispose]() {
      execFileSync('umount', ['--lazy', path])
      folder[Symbol.dispose]()
    },
  }
}

/** Fills a disk to its last byte; disposing makes room again. */
export function fill(disk: string): Disposable {
  const path = join(disk, 'filler')
  for (const sizeBytes of [2 ** 20, 4096])
    for (;;)
      try {
        writeFileSync(path, Buffer.alloc(sizeBytes), { flag: 'a' })
      } catch {
        break
      }
  return { [Symbol.dispose]: () => rmSync(path) }
}

/** The PostgreSQL that works on a hub's data; undefined when there is none. */
export function postmasterPid(data: string): number | undefined {
  try {
    return Number(readFileSync(join(data, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])
  } catch {
    return undefined
  }
}
