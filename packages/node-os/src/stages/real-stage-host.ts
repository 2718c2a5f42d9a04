import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { toError } from '@skerry/base/assert'
import { systemRandom } from '@skerry/base/random'
import { outputCharactersMax } from './limits.ts'
import type { FileFacts, Owner, RunRequest, RunResult, StageHost } from './stage-host.ts'

export type RealStageHostOptions = {
  readonly phase: StageHost['phase']
  readonly say: (line: string) => void
  /** Paths are below it; `/` on a machine. */
  readonly root?: string
  /** What commands are given, besides PATH and HOME. */
  readonly environment?: Readonly<Record<string, string>>
}

export function createRealStageHost(options: RealStageHostOptions): StageHost {
  const root = options.root ?? '/'
  const at = (path: string) => join(root, path)
  return {
    phase: options.phase,
    architecture: process.arch,
    clock: systemClock,
    random: systemRandom,
    say: options.say,
    read: (path) => whenThere(() => fs.readFileSync(at(path))),
    readAt: (path, offset, bytes) => whenThere(() => readPart(at(path), offset, bytes)),
    write: (path, content, owner) => writeWhole(at(path), content, owner),
    tell: (path, text) => fs.writeFileSync(at(path), text),
    look: (path) => look(at(path)),
    list: (path) => whenThere(() => fs.readdirSync(at(path)).toSorted()) ?? [],
    makeDirectory: (path, owner) => makeDirectory(at(path), owner),
    link: (target, path) => {
      makeDirectory(dirname(at(path)), { mode: 0o755, uid: 0, gid: 0 })
      const temporary = `${at(path)}.skerry-new`
      fs.rmSync(temporary, { force: true })
      fs.symlinkSync(target, temporary)
      fs.renameSync(temporary, at(path))
    },
    remove: (path) => fs.rmSync(at(path), { force: true }),
    run: (request) => run(request, options.environment ?? {}),
  }
}

function whenThere<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (thrown) {
    const { code } = toError(thrown) as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENOMEDIUM') return undefined
    throw thrown
  }
}

function readPart(path: string, offset: number, bytes: number): Uint8Array {
  const file = fs.openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, fs.readSync(file, buffer, 0, bytes, offset))
  } finally {
    fs.closeSync(file)
  }
}

function look(path: string): FileFacts | undefined {
  const own = fs.lstatSync(path, { throwIfNoEntry: false })
  if (own === undefined) return undefined
  const linkTo = own.isSymbolicLink() ? fs.readlinkSync(path) : undefined
  const facts = linkTo === undefined ? own : fs.statSync(path, { throwIfNoEntry: false })
  const kind =
    facts?.isFile() === true ? 'file' : facts?.isDirectory() === true ? 'directory' : 'other'
  const { mode, uid, gid } = facts ?? own
  return { kind, mode: mode & 0o7777, uid, gid, linkTo }
}

function writeWhole(path: string, content: string | Uint8Array, owner: Owner): void {
  const facts = look(path)
  const target = facts?.linkTo !== undefined && facts.kind === 'file' ? fs.realpathSync(path) : path
  if (facts?.kind === 'directory') throw new Error('a folder stands there')
  if (facts?.kind === 'other' && facts.linkTo === undefined) {
    fs.writeFileSync(path, content)
    return
  }
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  if (
    facts?.kind === 'file' &&
    facts.mode === owner.mode &&
    facts.uid === owner.uid &&
    facts.gid === owner.gid &&
    fs.readFileSync(target).equals(bytes)
  )
    return
  makeDirectory(dirname(target), { mode: 0o755, uid: 0, gid: 0 })
  const temporary = join(dirname(target), `.${basename(target)}.skerry-new`)
  fs.rmSync(temporary, { force: true })
  const file = fs.openSync(temporary, 'wx', 0o600)
  try {
    fs.writeFileSync(file, bytes)
    fs.fchownSync(file, owner.uid, owner.gid)
    fs.fchmodSync(file, owner.mode)
    fs.fsyncSync(file)
  } catch (thrown) {
    fs.rmSync(temporary, { force: true })
    throw thrown
  } finally {
    fs.closeSync(file)
  }
  fs.renameSync(temporary, target)
}

function makeDirectory(path: string, owner: Owner): void {
  if (fs.existsSync(path)) return
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  fs.mkdirSync(path)
  fs.chownSync(path, owner.uid, owner.gid)
  fs.chmodSync(path, owner.mode)
}

const ownEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
}

/** Ends with the command, not with what it left running in the background. */
async function run(
  { command, deadlineMs, environment }: RunRequest,
  more: Readonly<Record<string, string>>,
): Promise<RunResult> {
  const [program, ...words] = command
  let output = ''
  const done = new AbortController()
  const child = spawn(program, words, {
    cwd: '/',
    env: { ...ownEnvironment, ...more, ...environment },
    // A group of its own, so that whatever it starts can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output = (output + text).slice(-outputCharactersMax)
    })
    stream.on('error', () => {})
  }
  const ended = new Promise<RunResult>((resolve) => {
    child.once('error', (error) =>
      resolve({ ok: false, message: `cannot be started: ${error.message}`, output }),
    )
    child.once('exit', (code, signal) => {
      if (code === 0) resolve({ ok: true, output })
      else if (code === null) resolve({ ok: false, message: `was ended by ${signal}`, output })
      else resolve({ ok: false, message: `ended with status ${code}`, output, code })
    })
  })
  const late = systemClock.sleep(deadlineMs, done.signal).then(
    (): RunResult => {
      if (child.pid !== undefined) killGroup(child.pid)
      return {
        ok: false,
        message: `did not end within ${deadlineMs / 1000} s and was ended`,
        output,
      }
    },
    () => ended,
  )
  const result = await Promise.race([ended, late])
  done.abort()
  // Let what was written last arrive, then leave the pipes to whoever still holds them.
  await new Promise((resolve) => setImmediate(resolve))
  child.stdout.destroy()
  child.stderr.destroy()
  child.unref()
  return { ...result, output }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended just now.
  }
}
