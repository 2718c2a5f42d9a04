import { type Disk, DiskError, type DiskFile } from '../host.ts'
import { logBytesMax, logLineBytesMax, logQueueLinesMax } from '../limits.ts'
import { createInOrder } from '../state/in-order.ts'

/** What a process writes, kept in two files of bounded size: NAME.log and, older, NAME.log.1. */
export type RotatingLog = AsyncDisposable & { write(line: string): void }

/** One log for each layer, whichever of its processes writes. */
export type ProcessLogs = AsyncDisposable & { of(layer: string): RotatingLog }

export function createProcessLogs(disk: Disk, directory: string): ProcessLogs {
  const logs = new Map<string, RotatingLog>()
  return {
    of(layer) {
      const log = logs.get(layer) ?? createRotatingLog(disk, `${directory}/${layer}.log`)
      logs.set(layer, log)
      return log
    },
    async [Symbol.asyncDispose]() {
      for (const log of logs.values()) await log[Symbol.asyncDispose]()
    },
  }
}

export function createRotatingLog(disk: Disk, path: string, bytesMax = logBytesMax): RotatingLog {
  const inOrder = createInOrder()
  let file: DiskFile | undefined
  let offset = 0
  let waiting = 0
  let lost = 0

  const close = async (): Promise<void> => {
    const open = file
    file = undefined
    await open?.[Symbol.asyncDispose]()
  }
  const openFor = async (bytes: number): Promise<DiskFile> => {
    if (file === undefined) {
      const size = await disk.size(path)
      file = await disk.open(path, size === undefined ? 'create' : 'existing')
      offset = size ?? 0
    }
    if (offset + bytes <= bytesMax) return file
    await close()
    await disk.rename(path, `${path}.1`)
    file = await disk.open(path, 'create')
    offset = 0
    return file
  }
  const append = async (line: string): Promise<void> => {
    waiting -= 1
    const gap = lost === 0 ? '' : `(${lost} lines were lost)\n`
    const bytes = Buffer.from(`${gap}${line}\n`)
    try {
      const open = await openFor(bytes.length)
      await open.pwrite(bytes, offset)
      offset += bytes.length
      lost = 0
    } catch (error) {
      // A full disk costs lines of a log, never the process that wrote them.
      if (!(error instanceof DiskError)) throw error
      lost += 1
    }
  }

  return {
    write(line) {
      if (waiting >= logQueueLinesMax) {
        lost += 1
        return
      }
      waiting += 1
      void inOrder(() => append(line.slice(0, logLineBytesMax)))
    },
    [Symbol.asyncDispose]: () => inOrder(close),
  }
}
