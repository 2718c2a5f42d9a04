import { type Server, type ServerResponse, createServer } from 'node:http'
import type { Socket } from 'node:net'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { ModelSignature } from '@skerry/api/kinds/model'
import type { ModelWindow } from '@skerry/api/model-server-protocol'
import { AnswerMemory } from './answer-memory.ts'
import { BodyReader } from './http-body.ts'
import { sendProblem } from './http-answer.ts'
import { type Handler, httpRoutes } from './http-routes.ts'
import { type InferenceLimits, defaultLimits } from './limits.ts'
import { Measures } from './measures.ts'
import type { ModelIdentity } from './model-identity.ts'
import type { RunModel } from './run-model.ts'
import { RunQueue } from './run-queue.ts'
import { answerClientError } from './client-error.ts'

export type ModelServerOptions = {
  readonly identity: ModelIdentity
  readonly signature: ModelSignature
  readonly run: RunModel
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits?: Partial<InferenceLimits>
}

/** What is known of a client's connection. */
type Connection = { requests: number; readonly active: Set<ServerResponse> }

/** Serves one model to connections that somebody else accepted, or that `http` accepts itself. */
export class ModelServer {
  readonly http: Server
  readonly measures = new Measures()
  readonly #limits: InferenceLimits
  readonly #clock: Clock
  readonly #log: Log
  readonly #connections = new Map<Socket, Connection>()
  #isDraining = false
  readonly #whenEmpty: (() => void)[] = []

  constructor(options: ModelServerOptions) {
    const { identity, signature, clock, random, log } = options
    const limits = { ...defaultLimits, ...options.limits }
    this.#limits = limits
    this.#clock = clock
    this.#log = log
    const handle = httpRoutes({
      identity,
      signature,
      queue: new RunQueue({ run: options.run, requestsMax: limits.queueRequestsMax, clock }),
      bodies: new BodyReader(limits),
      measures: this.measures,
      memory: new AnswerMemory(limits),
      limits,
      clock,
      random,
      log,
      connections: () => this.#connections.size,
      residentBytes: () => process.memoryUsage.rss(),
      startedSeconds: Math.floor(clock.now() / 1000),
    })
    this.http = createServer({
      maxHeaderSize: limits.headerBytesMax,
      keepAliveTimeout: limits.keepAliveMs,
      keepAliveTimeoutBuffer: limits.keepAliveBufferMs,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      noDelay: true,
    })
    this.http.on('request', this.#guard(handle))
    this.http.on('clientError', answerClientError)
    this.http.prependListener('connection', (socket: Socket) => this.#track(socket))
    this.http.maxConnections = limits.connectionsMax
    /** Node enforces the two timeouts above only after this event, which `listen` would bring. */
    this.http.emit('listening')
  }

  /** Serves a connection that was accepted elsewhere, and comes paused. */
  connection(socket: Socket): void {
    if (this.#connections.size >= this.#limits.connectionsMax) {
      answerClientError({ code: 'TOO_MANY_CONNECTIONS' }, socket)
      return
    }
    this.http.emit('connection', socket)
    socket.resume()
  }

  get connections(): number {
    return this.#connections.size
  }

  /** What was measured since this was asked last. */
  takeWindow(): ModelWindow {
    return this.measures.takeWindow()
  }

  /**
   * Closes each connection after its next answer, and an idle one only when its client has been told
   * that it would be (`Keep-Alive: timeout=…`), so that no client sends into a closed connection. With
   * `isHasty` idle ones are closed at once. Resolves when all are gone, at the latest at the deadline;
   * asked again with an earlier one, at that.
   */
  async drain(deadlineMs: number, isHasty = false): Promise<void> {
    this.#isDraining = true
    for (const { active } of this.#connections.values())
      for (const response of active) response.shouldKeepAlive = false
    const done = new AbortController()
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty.push(resolve)
    })
    const graceMs = isHasty ? 0 : this.#limits.keepAliveMs + this.#limits.keepAliveBufferMs
    const closeIdle = async () => {
      await this.#clock.sleep(graceMs, done.signal)
      for (const [socket, { requests, active }] of this.#connections)
        if (active.size === 0 && (isHasty || requests === 0)) socket.destroySoon()
    }
    const deadline = async () => {
      await this.#clock.sleep(deadlineMs, done.signal)
      this.#log.warn('connections cut at the deadline', { connections: this.#connections.size })
    }
    closeIdle().catch(() => {})
    if (this.#connections.size > 0) await Promise.race([empty, deadline().catch(() => {})])
    done.abort()
    for (const socket of this.#connections.keys()) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.http.close()
    await this.drain(0, true)
  }

  #track(socket: Socket): void {
    const connection: Connection = { requests: 0, active: new Set() }
    this.#connections.set(socket, connection)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#connections.delete(socket)
      if (this.#connections.size === 0) for (const tell of this.#whenEmpty.splice(0)) tell()
    })
  }

  /** Keeps count of what is under way, and answers for a bug in a handler. */
  #guard(handle: Handler) {
    return (request: Parameters<Handler>[0], response: ServerResponse): void => {
      const connection = this.#connections.get(request.socket)
      if (connection !== undefined) {
        connection.requests += 1
        connection.active.add(response)
        response.on('close', () => connection.active.delete(response))
      }
      if (this.#isDraining) response.shouldKeepAlive = false
      const answered = async () => handle(request, response)
      answered().catch((thrown: unknown) => {
        const { message } = toError(thrown)
        this.#log.error('request failed', { message })
        sendProblem(response, { ok: false, status: 500, message: `this is a bug: ${message}` })
      })
    }
  }
}
