import { X509Certificate } from 'node:crypto'
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import { type RenewResponse, type TelemetryAnswer, devicePaths } from '@skerry/api/device-protocol'
import type { Envelope } from '@skerry/api/envelope'
import type { SpecVersion } from '@skerry/api/site-spec'
import { call, lost, readAnswer, readChunks } from './device-calls.ts'
import { type Dialed, dial } from './device-dial.ts'
import { enrollAt } from './device-enroll.ts'
import { readFrames } from './device-frames.ts'
import { hubProblem } from './device-hub-check.ts'
import { connectionWindowBytes, pingAnswerMsMax, streamWindowBytes } from './device-limits.ts'
import { type DeviceLink, type DeviceNetwork, LinkError, type LinkOptions } from './device-link.ts'
import { openReverse } from './device-reverse.ts'

/** The real network of a device: TLS 1.3 and HTTP/2 to its hub, through a proxy if there is one. */
export function createDeviceNetwork({ clock }: { readonly clock: Clock }): DeviceNetwork {
  return {
    connect: (options, signal) =>
      withinMs(clock, options.connectTimeoutMs, signal, (deadline) =>
        openLink(options, clock, deadline),
      ),
    enroll: (options, request) =>
      withinMs(clock, options.timeoutMs, undefined, (deadline) =>
        enrollAt(options, request, { clock, signal: deadline }),
      ),
  }
}

/** Runs with a signal that aborts after a while, or with the caller's. */
async function withinMs<T>(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal | undefined,
  run: (deadline: AbortSignal) => Promise<T>,
): Promise<T> {
  const timer = new AbortController()
  const late = new AbortController()
  clock.sleep(limitMs, timer.signal).then(
    () => late.abort(new Error(`no answer within ${limitMs} ms`)),
    () => {},
  )
  try {
    return await run(signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]))
  } finally {
    timer.abort()
  }
}

async function openLink(
  options: LinkOptions,
  clock: Clock,
  deadline: AbortSignal,
): Promise<DeviceLink> {
  const url = new URL(options.gateway)
  const authority = new X509Certificate(options.authority)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const dialed = await dial({
    url,
    proxy: options.proxy,
    protocol: 'h2',
    credentials: options,
    check: ([leaf]) => hubProblem({ leaf: leaf!, authority, host, nowMs: clock.now() }),
    signal: deadline,
  })
  const session = connectHttp2(url.origin, {
    createConnection: () => dialed.socket,
    settings: { enablePush: false, initialWindowSize: streamWindowBytes },
  })
  const closed = closing(session)
  const giveUp = () => session.destroy(toError(deadline.reason))
  deadline.addEventListener('abort', giveUp, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      session.once('remoteSettings', () => resolve())
      closed.then(reject, reject)
    })
    session.setLocalWindowSize(connectionWindowBytes)
    await openReverse(session, url.host)
  } catch (error) {
    session.destroy()
    throw deadline.aborted
      ? new LinkError('Unreachable', `The hub at ${url.host}: ${toError(deadline.reason).message}.`)
      : lost(error)
  } finally {
    deadline.removeEventListener('abort', giveUp)
  }
  void keepAlive(session, dialed, { clock, keepAliveMs: options.keepAliveMs })
  return linkOver(session, dialed, closed)
}

/** Resolves when the session is gone, with the reason. */
function closing(session: ClientHttp2Session): Promise<Error> {
  let reason: Error | undefined
  session.on('error', (error: Error) => (reason ??= error))
  session.on('goaway', (code) => {
    if (code !== constants.NGHTTP2_NO_ERROR) reason ??= new Error(`the hub ended it (${code})`)
  })
  return new Promise((resolve) => session.once('close', () => resolve(lost(reason))))
}

type KeepAlive = { readonly clock: Clock; readonly keepAliveMs: number }

/** Tries a connection on which nothing came for a while, and gives up one that does not answer. */
async function keepAlive(
  session: ClientHttp2Session,
  dialed: Dialed,
  { clock, keepAliveMs }: KeepAlive,
): Promise<void> {
  const ended = new AbortController()
  session.once('close', () => ended.abort())
  try {
    for (;;) {
      const before = dialed.traffic().receivedBytes
      await clock.sleep(keepAliveMs, ended.signal)
      if (dialed.traffic().receivedBytes !== before) continue
      session.ping(() => {})
      await clock.sleep(Math.min(keepAliveMs, pingAnswerMsMax), ended.signal)
      if (dialed.traffic().receivedBytes === before)
        session.destroy(new LinkError('Lost', 'The hub does not answer: the connection is dead.'))
    }
  } catch {
    // The session ended, and with it the need to try it.
  }
}

function linkOver(session: ClientHttp2Session, dialed: Dialed, closed: Promise<Error>): DeviceLink {
  const post = async <T>(path: string, body: object): Promise<T> => {
    const { stream } = await call(session, { method: 'POST', path, body })
    const bytes = await readAnswer(stream)
    return (bytes.length === 0 ? undefined : parseJsonAnswer(bytes)) as T
  }
  let backlog: Promise<unknown> = Promise.resolve()
  return {
    async *specs(known, signal) {
      try {
        const path = specPath(known, false)
        const { stream } = await call(session, { method: 'GET', path, signal })
        try {
          for await (const frame of readFrames(readChunks(stream)))
            yield parseJsonAnswer(frame) as Envelope
        } finally {
          stream.close(constants.NGHTTP2_CANCEL)
        }
      } catch (error) {
        // A lost link and the caller's signal end the stream; what the hub refuses is told.
        if (!(error instanceof LinkError && error.reason === 'Lost')) throw error
      }
    },
    async pollSpec(known) {
      const { code, stream } = await call(session, { method: 'GET', path: specPath(known, true) })
      if (code === 304) return void stream.resume()
      const frames = await Array.fromAsync(readFrames(readChunks(stream)))
      return frames[0] === undefined ? undefined : (parseJsonAnswer(frames[0]) as Envelope)
    },
    reportStatus: (report) => post(devicePaths.status, report),
    sendTelemetry(batch) {
      // One at a time: several would fill several windows, and live status would wait behind them all.
      const sent = backlog.then(() => post<TelemetryAnswer>(devicePaths.telemetry, batch))
      backlog = sent.catch(() => {})
      return sent
    },
    renew: (request) => post<RenewResponse>(devicePaths.renew, request),
    async *fetchBlob(repository, digest, offset) {
      const path = `/v2/${repository}/blobs/${digest}`
      const headers = offset === 0 ? {} : { range: `bytes=${offset}-` }
      const { code, stream } = await call(session, { method: 'GET', path, headers })
      try {
        if (offset > 0 && code !== 206)
          throw new LinkError('Refused', `The hub ignored the range that starts at ${offset}.`)
        yield* readChunks(stream)
      } finally {
        stream.close(constants.NGHTTP2_CANCEL)
      }
    },
    closed,
    traffic: () => dialed.traffic(),
    async [Symbol.asyncDispose]() {
      session.destroy()
      await closed
    },
  }
}

function specPath(known: SpecVersion | undefined, isPoll: boolean): string {
  const query = new URLSearchParams({
    ...(known === undefined
      ? {}
      : { epoch: String(known.epoch), revision: String(known.revision) }),
    ...(isPoll ? { poll: '1' } : {}),
  })
  return query.size === 0 ? devicePaths.spec : `${devicePaths.spec}?${query.toString()}`
}

function parseJsonAnswer(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new LinkError('Refused', 'The hub sent something that is not JSON.')
  }
}
