import { closeSync, fsyncSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { makeDirectory } from '@skerry/artifact/make-directory'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { expiredBackups } from './expired-backups.ts'
import { bufferBytesMax, dropLogMs, eventsGatherMs } from './limits.ts'

export type AuditLogOptions = {
  readonly path: string
  /** `blocking`: a request goes on when its event is written; otherwise events wait in a buffer. */
  readonly mode: 'batch' | 'blocking'
  readonly megabytesMax: number
  /** 0: as many as there are. */
  readonly backupsMax: number
  /** 0: however old. */
  readonly ageDaysMax: number
  /** How long events of a batch wait for more. */
  readonly gatherMs?: number
  readonly clock: Clock
  readonly log: Log
}

/** A file of lines with bounds. What was written is on the disk for good when it is set aside or closed. */
export type AuditLog = AsyncDisposable & {
  write(line: string): void
  figures(): { readonly written: number; readonly dropped: number; readonly waitingBytes: number }
}

/** Rejects when the file cannot be written. */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  makeDirectory(dirname(options.path))
  if (options.mode === 'blocking') return blockingLog(options)
  const handle = await open(options.path, 'a', modeOfFile)
  return bufferedLog(options, new LogFile(options, handle, (await handle.stat()).size))
}

const modeOfFile = 0o600

class LogFile {
  readonly #options: AuditLogOptions
  #handle: FileHandle
  #bytes: number

  constructor(options: AuditLogOptions, handle: FileHandle, bytes: number) {
    this.#options = options
    this.#handle = handle
    this.#bytes = bytes
  }

  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    if (isFull(this.#options, this.#bytes, bytes.length)) await this.#setAside()
    await this.#handle.writeFile(bytes)
    this.#bytes += bytes.length
  }

  /** What was there stays under a name with the time; a new file begins. */
  async #setAside(): Promise<void> {
    const { path, clock } = this.#options
    const full = this.#handle
    await full.sync()
    await rename(path, backupPath(path, clock.now()))
    this.#handle = await open(path, 'a', modeOfFile)
    this.#bytes = 0
    await full.close()
    await removeExpired(this.#options)
  }

  async close(): Promise<void> {
    await this.#handle.sync()
    await this.#handle.close()
  }
}

function isFull({ megabytesMax }: AuditLogOptions, bytes: number, more: number): boolean {
  return bytes > 0 && bytes + more > megabytesMax * 2 ** 20
}

/** `audit.log` set aside is `audit-2026-11-21T10-00-00.000.log`, as with a kube-apiserver. */
function backupPath(path: string, nowMs: number): string {
  const extension = extname(path)
  const time = new Date(nowMs).toISOString().replaceAll(':', '-').replace('Z', '')
  return join(dirname(path), `${basename(path, extension)}-${time}${extension}`)
}

async function removeExpired(options: AuditLogOptions): Promise<void> {
  const { path, clock, log } = options
  const folder = dirname(path)
  try {
    const files = await readdir(folder)
    const extension = extname(path)
    const expired = expiredBackups(files, {
      ...options,
      prefix: `${basename(path, extension)}-`,
      extension,
      nowMs: clock.now(),
    })
    for (const file of expired) await rm(join(folder, file), { force: true })
  } catch (thrown) {
    log.warn('Old audit files could not be removed.', { error: toError(thrown).message })
  }
}

function bufferedLog(
  { clock, log, gatherMs = eventsGatherMs }: AuditLogOptions,
  file: LogFile,
): AuditLog {
  let waiting: string[] = []
  let waitingBytes = 0
  let [written, dropped, toldMs] = [0, 0, -dropLogMs]
  let writing: Promise<void> | undefined
  const ending = new AbortController()
  const drop = (count: number, why: string): void => {
    dropped += count
    if (clock.monotonicMs() - toldMs < dropLogMs) return
    toldMs = clock.monotonicMs()
    log.error('Audit events are lost.', { lost: dropped, error: why })
  }
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      // What comes in this time is one write, and not one for each request.
      if (gatherMs > 0) await clock.sleep(gatherMs, ending.signal).catch(() => {})
      const lines = waiting
      waiting = []
      waitingBytes = 0
      try {
        await file.append(lines.join(''))
        written += lines.length
      } catch (thrown) {
        drop(lines.length, toError(thrown).message)
      }
    }
    writing = undefined
  }
  return {
    write: (line) => {
      if (waitingBytes + line.length > bufferBytesMax) return drop(1, 'the disk is too slow')
      waiting.push(line)
      waitingBytes += line.length
      writing ??= drain()
    },
    figures: () => ({ written, dropped, waitingBytes }),
    [Symbol.asyncDispose]: async () => {
      ending.abort()
      await writing
      await file.close()
    },
  }
}

/** Every event is handed to the disk before the request goes on. */
function blockingLog(options: AuditLogOptions): AuditLog {
  const { path, clock, log } = options
  let descriptor = openSync(path, 'a', modeOfFile)
  let bytes = fstatSync(descriptor).size
  let [written, dropped] = [0, 0]
  let removing = Promise.resolve()
  const setAside = (): void => {
    const full = descriptor
    fsyncSync(full)
    renameSync(path, backupPath(path, clock.now()))
    descriptor = openSync(path, 'a', modeOfFile)
    bytes = 0
    closeSync(full)
    removing = removing.then(() => removeExpired(options))
  }
  return {
    write: (line) => {
      const text = Buffer.from(line)
      try {
        if (isFull(options, bytes, text.length)) setAside()
        writeSync(descriptor, text)
        bytes += text.length
        written += 1
      } catch (thrown) {
        dropped += 1
        log.error('An audit event could not be written.', { error: toError(thrown).message })
      }
    },
    figures: () => ({ written, dropped, waitingBytes: 0 }),
    [Symbol.asyncDispose]: async () => {
      await removing
      fsyncSync(descriptor)
      closeSync(descriptor)
    },
  }
}
