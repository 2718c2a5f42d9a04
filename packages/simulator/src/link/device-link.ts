import { devicePaths, type RenewResponse, type TelemetryAnswer } from '@skerry/api/device-protocol'
import type { Envelope } from '@skerry/api/envelope'
import type { SpecVersion } from '@skerry/api/site-spec'
import { lost } from '@skerry/client/device-calls'
import { readFrames } from '@skerry/client/device-frames'
import { type DeviceLink, LinkError } from '@skerry/client/device-link'
import type { DeviceCall } from './device-call.ts'

export type Request = {
  readonly method: 'GET' | 'POST' | 'CONNECT'
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** What a link needs of the connection under it. */
export type Caller = {
  call(request: Request): DeviceCall
  /** Tells the hub that nobody reads the answer any more. */
  cancel(call: DeviceCall): void
  close(): void
  readonly closed: Promise<Error>
  traffic(): { readonly sentBytes: number; readonly receivedBytes: number }
}

/** The calls of a device, over whatever carries them. */
export function linkOver(caller: Caller): DeviceLink {
  const post = async <T>(path: string, body: object): Promise<T> => {
    const call = caller.call({ method: 'POST', path, body })
    await call.answered()
    const bytes = await call.whole()
    return (bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))) as T
  }
  return {
    async *specs(known, signal) {
      const call = caller.call({ method: 'GET', path: specPath(known, false) })
      const stop = () => call.fail(lost())
      signal.addEventListener('abort', stop, { once: true })
      try {
        await call.answered()
        for await (const frame of readFrames(call.pieces()))
          yield JSON.parse(frame.toString('utf8')) as Envelope
      } catch (error) {
        if (!(error instanceof LinkError && error.reason === 'Lost')) throw error
      } finally {
        signal.removeEventListener('abort', stop)
        caller.cancel(call)
      }
    },
    async pollSpec(known) {
      const call = caller.call({ method: 'GET', path: specPath(known, true) })
      if ((await call.answered()) === 304) return undefined
      const frames = await Array.fromAsync(readFrames(call.pieces()))
      return frames[0] && (JSON.parse(frames[0].toString('utf8')) as Envelope)
    },
    reportStatus: (report) => post(devicePaths.status, report),
    sendTelemetry: (batch) => post<TelemetryAnswer>(devicePaths.telemetry, batch),
    renew: (request) => post<RenewResponse>(devicePaths.renew, request),
    async *fetchBlob(repository, digest, offset) {
      const path = `/v2/${repository}/blobs/${digest}`
      const headers = offset === 0 ? {} : { range: `bytes=${offset}-` }
      const call = caller.call({ method: 'GET', path, headers })
      try {
        await call.answered()
        yield* call.pieces()
      } finally {
        caller.cancel(call)
      }
    },
    closed: caller.closed,
    traffic: () => caller.traffic(),
    async [Symbol.asyncDispose]() {
      caller.close()
      await caller.closed
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
