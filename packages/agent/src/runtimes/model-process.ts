import type { FromModelServer, ModelWindow, ToModelServer } from '@skerry/api/model-server-protocol'
import type { SiteLayer } from '@skerry/api/site-spec'
import { assert } from '@skerry/base/assert'
import { isPlainObject } from '@skerry/base/json'
import type { CurrentModel } from '@skerry/planner/site-state'
import {
  type ChildProcess,
  type Connection,
  type Host,
  type ProcessExit,
  describeExit,
} from '../host.ts'
import { modelDrainMs, modelKillMs, modelReadyMs, modelRestart, modelStopMs } from '../limits.ts'
import type { Children } from './children.ts'
import { type CrashCount, afterCrash } from './crash-count.ts'
import type { ProcessLogs } from './rotating-log.ts'

/** What one process of a model measured since it was last asked. */
export type MeasuredWindow = {
  readonly content: SiteLayer
  readonly startMs: number
  readonly endMs: number
  readonly window: ModelWindow
}

export type ModelProcessOptions = {
  readonly host: Host
  readonly children: Children
  readonly data: string
  readonly logs: ProcessLogs
  readonly modelServer: readonly string[]
  readonly file: string
  readonly content: SiteLayer
  readonly instance: string
  readonly count: CrashCount
  readonly onChange: () => void
  readonly onReturn: (connection: Connection) => void
  readonly onWindow: (measured: MeasuredWindow) => void
}

/** One process that serves one version of one model. */
export class ModelProcess {
  readonly instance: string
  readonly content: SiteLayer
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>
  #phase: CurrentModel['phase'] = 'Loading'
  #count: CrashCount
  #refusal: string | undefined
  #message: string | undefined
  #readyMs: number | undefined
  #windowStartMs: number
  #nextCollect = 1
  readonly #child: ChildProcess
  readonly #ended = new AbortController()
  readonly #options: ModelProcessOptions

  constructor(options: ModelProcessOptions) {
    const { host, content } = options
    const { model } = content
    assert(model !== undefined, `layer ${content.name} is a model`)
    this.#options = options
    this.#count = options.count
    this.instance = options.instance
    this.content = content
    this.#windowStartMs = host.clock.now()
    const log = options.logs.of(content.name)
    const server = ['--file', options.file, '--model', model.name]
    const identity = ['--version', model.version, '--digest', content.digest]
    this.#child = options.children.spawn({
      command: [...options.modelServer, ...server, ...identity],
      environment: {},
      directory: options.data,
      hasChannel: true,
      onLine: (line) => log.write(`${model.version}: ${line}`),
      onMessage: (message) => this.#receive(message),
      onReturn: options.onReturn,
    })
    this.gone = this.#child.exited.then((exit) => this.#end(exit))
    void this.#killAfter(modelReadyMs, () => {
      if (this.#phase !== 'Loading') return false
      this.#message = `it was not ready within ${modelReadyMs / 1000} s`
      return true
    })
  }

  get phase(): CurrentModel['phase'] {
    return this.#phase
  }

  get count(): CrashCount {
    return this.#count
  }

  observe(): CurrentModel {
    const { content, instance } = this
    const message = this.#refusal ?? this.#message
    return {
      instance,
      layer: content.name,
      digest: content.digest,
      model: content.model?.name ?? '',
      version: content.model?.version ?? '',
      attempt: content.attempt,
      phase: this.#phase,
      restarts: this.#count.restarts,
      crashes: this.#count.crashes,
      ...(this.#phase === 'Ended' ? { retryAtMs: this.#count.retryAtMs } : {}),
      ...(this.#refusal === undefined ? {} : { isRefused: true }),
      ...(message === undefined ? {} : { message }),
    }
  }

  serve(): void {
    assert(this.#phase === 'Ready', `${this.instance} is ready`)
    this.#phase = 'Serving'
  }

  replace(): void {
    this.#phase = 'Replaced'
  }

  handOver(connection: Connection): boolean {
    return this.#phase === 'Serving' && this.#send({ type: 'connection' }, connection)
  }

  collect(): void {
    if (this.#readyMs === undefined || this.#phase === 'Ended') return
    this.#send({ type: 'collect', id: this.#nextCollect++ })
  }

  /** Whoever never served is just ended. */
  drain(): void {
    const isInUse = this.#phase === 'Replaced' || this.#phase === 'Serving'
    if (this.#phase === 'Ended' || this.#phase === 'Draining') return
    this.#phase = 'Draining'
    this.collect()
    if (!isInUse || !this.#send({ type: 'drain', deadlineMs: modelDrainMs })) {
      this.#child.signal('SIGKILL')
      return
    }
    void this.#killAfter(modelDrainMs + modelKillMs, () => true)
  }

  /** The agent is ending: whoever has connections finishes what is under way, in short time. */
  stop(): void {
    const isInUse = this.#phase === 'Replaced' || this.#phase === 'Serving'
    if (this.#phase === 'Ended') return
    const isDraining = this.#phase === 'Draining'
    this.#phase = 'Draining'
    if (isInUse) this.#send({ type: 'drain', deadlineMs: modelStopMs })
    else if (!isDraining) this.#child.signal('SIGKILL')
    void this.#killAfter(modelStopMs * 2, () => true)
  }

  #send(message: ToModelServer, connection?: Connection): boolean {
    return this.#child.send(message, connection)
  }

  async #killAfter(delayMs: number, isDue: () => boolean): Promise<void> {
    try {
      await this.#options.host.clock.sleep(delayMs, this.#ended.signal)
      if (isDue()) this.#child.signal('SIGKILL')
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error
    }
  }

  #receive(raw: unknown): void {
    if (!isMessage(raw)) return
    switch (raw.type) {
      case 'ready':
        if (this.#phase !== 'Loading') return
        this.#phase = 'Ready'
        this.#message = undefined
        this.#readyMs = this.#options.host.clock.monotonicMs()
        this.#windowStartMs = this.#options.host.clock.now()
        return this.#options.onChange()
      case 'refused':
        this.#refusal = `${raw.reason}: ${raw.message}`.slice(0, 2000)
        return
      case 'collected':
        return this.#measure(raw.window)
    }
  }

  #measure(window: ModelWindow): void {
    const startMs = this.#windowStartMs
    const endMs = Math.max(startMs, this.#options.host.clock.now())
    this.#windowStartMs = endMs
    this.#options.onWindow({ content: this.content, startMs, endMs, window })
  }

  #end(exit: ProcessExit): void {
    const { host, onChange } = this.#options
    this.#ended.abort(new Error('The process ended'))
    const nowMs = host.clock.monotonicMs()
    const isAsked = this.#phase === 'Draining'
    const aliveMs = this.#readyMs === undefined ? 0 : nowMs - this.#readyMs
    this.#phase = 'Ended'
    if (!isAsked) {
      this.#count = afterCrash(this.#count, { aliveMs, nowMs }, modelRestart, host.random)
      this.#message ??= describeExit(exit)
      const reason = this.#refusal ?? this.#message
      host.log.warn('A model process ended', { layer: this.content.name, reason })
    }
    onChange()
  }
}

function isMessage(raw: unknown): raw is FromModelServer {
  if (!isPlainObject(raw)) return false
  switch (raw['type']) {
    case 'ready':
      return true
    case 'refused':
      return typeof raw['message'] === 'string'
    case 'collected':
      return isPlainObject(raw['window'])
    default:
      return false
  }
}
