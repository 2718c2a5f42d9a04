import type { ServerHttp2Stream } from 'node:http2'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { type SpecVersion, compareSpecVersions } from '@skerry/api/site-spec'
import type { SpecStore } from '@skerry/store/hub-store'
import { specDrainMsMax, specReadsAtOnceMax } from './limits.ts'

/** Pushes the newest spec of a site down its open streams. */
export type SpecStreams = Disposable & {
  /** Answers a request for the stream; what is `known` is not sent. */
  open(stream: ServerHttp2Stream, siteUid: string, known: SpecVersion | undefined): void
}

export type SpecStreamsOptions = {
  readonly specs: SpecStore
  readonly clock: Clock
  readonly log: Log
}

type Reader = {
  readonly stream: ServerHttp2Stream
  readonly siteUid: string
  sent: SpecVersion | undefined
  /** Whether something may have changed since the store was last read. */
  isDirty: boolean
  isBusy: boolean
}

export function createSpecStreams({ specs, clock, log }: SpecStreamsOptions): SpecStreams {
  const readers = new Map<string, Set<Reader>>()
  const read = limitAtOnce(specReadsAtOnceMax)

  const pump = async (reader: Reader): Promise<void> => {
    if (reader.isBusy) return
    Object.assign(reader, { isBusy: true })
    try {
      // Only the newest counts: what changed twice while one was sent is read and sent once.
      while (reader.isDirty && !reader.stream.destroyed) {
        Object.assign(reader, { isDirty: false })
        const spec = await read(() => specs.get(reader.siteUid))
        if (spec === undefined || !isNewer(spec, reader.sent)) continue
        await writeFrame(reader.stream, spec.envelope, clock)
        Object.assign(reader, { sent: { epoch: spec.epoch, revision: spec.revision } })
      }
    } catch (thrown) {
      log.warn('A stream of specs was ended.', { error: toError(thrown).message })
      reader.stream.destroy()
    } finally {
      Object.assign(reader, { isBusy: false })
    }
  }
  const touch = (reader: Reader) => {
    Object.assign(reader, { isDirty: true })
    void pump(reader)
  }
  const subscription = specs.subscribe((siteUid) => {
    const touched =
      siteUid === undefined
        ? [...readers.values()].flatMap((set) => [...set])
        : [...(readers.get(siteUid) ?? [])]
    for (const reader of touched) touch(reader)
  })
  return {
    open(stream, siteUid, known) {
      const reader: Reader = { stream, siteUid, sent: known, isDirty: false, isBusy: false }
      const set = readers.get(siteUid) ?? new Set()
      readers.set(siteUid, set.add(reader))
      stream.once('close', () => {
        set.delete(reader)
        if (set.size === 0 && readers.get(siteUid) === set) readers.delete(siteUid)
      })
      stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' })
      touch(reader)
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

/** Newer than what was sent; after a restore of the hub the epoch is higher. */
const isNewer = (spec: SpecVersion, sent: SpecVersion | undefined) =>
  sent === undefined || compareSpecVersions(spec, sent) > 0

/** A length (4 bytes, big-endian) and the envelope. */
export function frameOf(envelope: string): Buffer {
  const bytes = Buffer.from(envelope)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Waits until the reader took the frame; rejects when it does not in time. */
async function writeFrame(
  stream: ServerHttp2Stream,
  envelope: string,
  clock: Clock,
): Promise<void> {
  const done = new AbortController()
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  stream.once('close', close)
  const written = new Promise<void>((resolve, reject) => {
    stream.write(frameOf(envelope), (error) => (error ? reject(error) : resolve()))
  })
  const late = clock.sleep(specDrainMsMax, done.signal).then(
    () => {
      throw new Error(`The reader did not take a spec within ${specDrainMsMax} ms.`)
    },
    () => {},
  )
  try {
    await Promise.race([written, closed, late])
  } finally {
    // The stream lives for days: what was waited for must not stay with it.
    stream.removeListener('close', close)
    done.abort()
  }
}

/** Runs at most so many at once; the others wait in line. */
function limitAtOnce(limit: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (run) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
    running += 1
    try {
      return await run()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}
