import type { IncomingHttpHeaders } from 'node:http2'
import { type EnrollRequest, type EnrollResponse, devicePaths } from '@skerry/api/device-protocol'
import { ApiError } from '@skerry/api/status'
import type { Random } from '@skerry/base/random'
import { lost, protocolHeaders, refusal } from '@skerry/client/device-calls'
import { pingAnswerMsMax } from '@skerry/client/device-limits'
import { type DeviceNetwork, LinkError, type LinkOptions } from '@skerry/client/device-link'
import type { DeviceService } from '@skerry/hub/gateway/gateway'
import type { CertificateFacts } from '@skerry/hub/trust/certificate-facts'
import { handshakeRoundTrips, pingBytes } from '../limits.ts'
import type { Life } from '../time/life.ts'
import type { Timeline } from '../time/timeline.ts'
import type { Trace } from '../trace.ts'
import { DeviceCall } from './device-call.ts'
import { type Caller, type Request, linkOver } from './device-link.ts'
import { HubSession } from './hub-session.ts'
import { type AnswerSink, HubStream } from './hub-stream.ts'
import type { Weather } from './weather.ts'
import { Wire } from './wire.ts'

/** One run of a hub, as devices reach it. */
export type HubDoor = {
  readonly life: Life
  readonly service: Pick<DeviceService, 'welcome' | 'serve'>
  enroll(body: unknown): Promise<EnrollResponse>
  factsOf(certificate: string): CertificateFacts | undefined
  /** The connections to this run. */
  readonly wires: Set<Wire>
}

export type DeviceNetworkOptions = {
  readonly timeline: Timeline
  readonly random: Random
  readonly trace: Trace
  readonly weather: Weather
  readonly name: string
  /** Of the agent. */
  readonly life: Life
  /** The hub that runs now, if one does. */
  readonly hub: () => HubDoor | undefined
  /** The connections of this life. */
  readonly wires: Set<Wire>
}

/** What is between a device and its hub, as the device's process sees it. */
export function createDeviceNetwork(options: DeviceNetworkOptions): DeviceNetwork {
  return {
    connect: (linkOptions, signal) => connect(options, linkOptions, signal),
    enroll: ({ timeoutMs }, request) => enroll(options, request, timeoutMs),
  }
}

/** After so many times there and back. Never, once the process is dead. */
function roundTrips({ timeline, weather, random, life }: DeviceNetworkOptions, count: number) {
  const tookMs = count * 2 * (weather.delayMs + weather.jitterMs * random.next())
  return new Promise<void>((resolve) => timeline.after(tookMs, life.hears(resolve)))
}

/** The hub, if somebody answers there. */
async function reach(options: DeviceNetworkOptions, limitMs: number): Promise<HubDoor> {
  const { weather, timeline, life } = options
  if (weather.sky === 'Silent')
    await new Promise<void>((resolve) => timeline.after(limitMs, life.hears(resolve)))
  else await roundTrips(options, 1)
  const hub = options.hub()
  if (weather.sky !== 'Fair' || hub === undefined)
    throw new LinkError('Unreachable', 'The hub cannot be reached: nobody answers.')
  return hub
}

async function enroll(
  options: DeviceNetworkOptions,
  request: EnrollRequest,
  timeoutMs: number,
): Promise<EnrollResponse> {
  const { trace, timeline, name, life } = options
  const hub = await reach(options, timeoutMs)
  const body = JSON.stringify(request)
  trace.note(timeline.elapsedMs, `${name} hub enroll`, body)
  const answering = hub.enroll(JSON.parse(body)).catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error
    const status = Buffer.from(JSON.stringify(error.status))
    throw refusal(error.code, {}, status)
  })
  const response = await life.own(Promise.race([hub.life.own(answering), late(options, timeoutMs)]))
  await roundTrips(options, 1)
  trace.note(timeline.elapsedMs, `${name} device enroll`, JSON.stringify(response))
  return response
}

/** A hub that died meanwhile gives no answer. */
function late({ timeline }: DeviceNetworkOptions, timeoutMs: number): Promise<never> {
  return new Promise((_, reject) =>
    timeline.after(timeoutMs, () => reject(new LinkError('Lost', 'The hub gave no answer.'))),
  )
}

async function connect(
  options: DeviceNetworkOptions,
  { connectTimeoutMs, certificate, keepAliveMs }: LinkOptions,
  signal: AbortSignal,
) {
  const hub = await reach(options, connectTimeoutMs)
  await roundTrips(options, handshakeRoundTrips - 1)
  if (signal.aborted) throw new LinkError('Unreachable', 'The attempt was given up.')
  const connection = new Connection(options, hub, keepAliveMs)
  hub.service.welcome(connection.session.asServerSession(), hub.factsOf(certificate))
  try {
    await connection.call({ method: 'CONNECT', path: devicePaths.reverse }).answered()
  } catch (error) {
    if (!(error instanceof LinkError && error.reason === 'CertificateExpired')) {
      connection.close()
      throw error
    }
  }
  return linkOver(connection)
}

/** One connection, both ends of it. */
class Connection implements Caller {
  readonly session: HubSession
  readonly closed: Promise<Error>
  readonly #options: DeviceNetworkOptions
  readonly #hub: HubDoor
  readonly #wire: Wire
  readonly #calls = new Map<DeviceCall, HubStream | undefined>()
  readonly #traffic = { sentBytes: 0, receivedBytes: 0 }
  readonly #listening: Disposable
  readonly #close: (error: Error) => void

  constructor(options: DeviceNetworkOptions, hub: HubDoor, keepAliveMs: number) {
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.closed = promise
    this.#close = resolve
    this.#options = options
    this.#hub = hub
    this.#wire = new Wire(options, {
      device: (reason) => this.#endDevice(reason),
      hub: () => this.#endHub(),
    })
    options.wires.add(this.#wire)
    hub.wires.add(this.#wire)
    this.session = new HubSession({
      sendPing: () => this.#ping(),
      onDestroy: () => this.#wire.end('hub', 'the hub ended it'),
    })
    this.#listening = this.#watchSilence(keepAliveMs)
  }

  call({ method, path, body, headers }: Request): DeviceCall {
    const call = new DeviceCall()
    if (this.#wire.isEnded('device')) {
      call.fail(lost())
      return call
    }
    this.#calls.set(call, undefined)
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    this.#traffic.sentBytes += bytes?.length ?? 0
    const received = { ':method': method, ':path': path, ...protocolHeaders, ...headers }
    this.#toHub(`${method} ${path}`, bytes, () => {
      const stream = new HubStream(this.session, this.#sinkOf(call))
      stream.on('error', () => {})
      this.#calls.set(call, stream)
      stream.receive(method === 'CONNECT' ? undefined : bytes)
      void this.#hub.service.serve(stream.asServerStream(), received as IncomingHttpHeaders)
    })
    return call
  }

  cancel(call: DeviceCall): void {
    if (this.#calls.has(call))
      this.#toHub('cancel', undefined, () => {
        this.#calls.get(call)?.destroy()
        this.#calls.delete(call)
      })
  }

  close(): void {
    this.#wire.end('device', 'the device ended it')
  }

  traffic() {
    return this.#traffic
  }

  /** The answer travels; its last piece ends the call. */
  #sinkOf(call: DeviceCall): AnswerSink {
    const { sink } = call
    const over = () => void this.#calls.delete(call)
    return {
      head: (headers) =>
        this.#toDevice(`head ${Number(headers[':status'])}`, undefined, () => sink.head(headers)),
      piece: (bytes, taken) =>
        this.#toDevice('piece', bytes, () => {
          this.#traffic.receivedBytes += bytes.length
          sink.piece(bytes, this.#hub.life.hears(taken))
        }),
      end: () =>
        this.#toDevice('last', undefined, () => {
          over()
          sink.end()
        }),
      abort: () =>
        this.#toDevice('abort', undefined, () => {
          over()
          sink.abort()
        }),
    }
  }

  #toHub(what: string, bytes: Uint8Array | undefined, deliver: () => void): void {
    const take = this.#hub.life.hears(() => {
      this.session.socket.bytesRead += (bytes?.length ?? 0) + pingBytes
      deliver()
    })
    this.#wire.send('hub', { what, bytes, deliver: take })
  }

  #toDevice(what: string, bytes: Uint8Array | undefined, deliver: () => void): void {
    this.#wire.send('device', { what, bytes, deliver: this.#options.life.hears(deliver) })
  }

  #ping(): void {
    this.#toDevice('ping', undefined, () => this.#toHub('pong', undefined, () => {}))
  }

  /** A device tries a connection on which nothing comes, and gives up one that stays silent. */
  #watchSilence(keepAliveMs: number): Disposable {
    const { weather, timeline, random, life } = this.#options
    return weather.onChange((sky) => {
      if (sky !== 'Silent') return
      const noticedMs = keepAliveMs * (1 + random.next()) + pingAnswerMsMax
      timeline.after(
        noticedMs,
        life.hears(() => {
          if (weather.sky === 'Silent') this.#wire.end('device', 'the hub does not answer')
        }),
      )
    })
  }

  #endDevice(reason: string): void {
    this.#options.wires.delete(this.#wire)
    this.#listening[Symbol.dispose]()
    if (this.#options.life.isOver) return
    for (const call of this.#calls.keys()) call.fail(lost(new Error(reason)))
    this.#close(lost(new Error(reason)))
  }

  #endHub(): void {
    this.#hub.wires.delete(this.#wire)
    if (!this.#hub.life.isOver) this.session.destroy()
  }
}
