import { ApiError, isApiError } from '@skerry/api/status'
import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import { drawEveryMs, feedLingerMs, reconnectFirstMs, reconnectMaxMs } from '../limits.ts'

/** What a page knows of something that the hub tells. */
export type Snapshot<V> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: ApiError }
  /** With an error: this was true at `atMs`, and newer is not to be had now. */
  | { readonly state: 'known'; readonly value: V; readonly atMs: number; readonly error?: ApiError }

export type FeedOutput<V> = {
  /** There is something new. */
  known(value: V): void
  /** The hub was heard: what is known is still true. */
  contact(): void
}

/** Reads from the hub until it is told to stop. Returns to be called again at once; throws to be called later. */
export type FeedSource<V> = (output: FeedOutput<V>, signal: AbortSignal) => Promise<void>

export type FeedDeps = {
  readonly clock: Clock
  readonly random: Random
  /** Called after listeners have heard of a change. */
  readonly onDrawn?: () => void
}

/**
 * Keeps one thing of the hub up to date while somebody looks at it. What was known survives a lost
 * connection, marked with the error.
 */
export class Feed<V> {
  readonly #source: FeedSource<V>
  readonly #deps: FeedDeps
  readonly #listeners = new Set<() => void>()
  #snapshot: Snapshot<V> = { state: 'loading' }
  #contactMs = 0
  #failures = 0
  #isDrawing = false
  #running: AbortController | undefined
  #retry: AbortController | undefined
  #isSuspended = false

  constructor(source: FeedSource<V>, deps: FeedDeps) {
    this.#source = source
    this.#deps = deps
  }

  readonly snapshot = (): Snapshot<V> => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    this.#start()
    return () => {
      this.#listeners.delete(listener)
      void this.#stopIfLonely()
    }
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0
  }

  /** Tries at once instead of waiting for the next attempt. */
  retryNow(): void {
    this.#retry?.abort(new Error('The person asked again.'))
  }

  /** Closes the connection while the page is hidden; opens it again when it is seen. */
  suspend(isSuspended: boolean): void {
    this.#isSuspended = isSuspended
    if (isSuspended) this.#stop()
    else if (this.#listeners.size > 0) this.#start()
  }

  #start(): void {
    if (this.#running !== undefined || this.#isSuspended) return
    // An old refusal is not news: whoever comes back sees grey lines until the next answer.
    if (this.#snapshot.state === 'failed') this.#snapshot = { state: 'loading' }
    this.#running = new AbortController()
    void this.#run(this.#running.signal)
  }

  #stop(): void {
    this.#running?.abort(new Error('Nobody looks at this any more.'))
    this.#running = undefined
  }

  async #stopIfLonely(): Promise<void> {
    await this.#deps.clock.sleep(feedLingerMs)
    if (this.#listeners.size === 0) this.#stop()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const output: FeedOutput<V> = {
      known: (value) => {
        if (signal.aborted) return
        this.#heard()
        this.#set({ state: 'known', value, atMs: this.#contactMs })
      },
      contact: () => {
        if (signal.aborted) return
        this.#heard()
        const last = this.#snapshot
        if (last.state === 'known' && last.error !== undefined)
          this.#set({ state: 'known', value: last.value, atMs: this.#contactMs })
      },
    }
    while (!signal.aborted) {
      try {
        await this.#source(output, signal)
        // However often a hub ends its answers, it is not asked more often than this.
        await this.#deps.clock.sleep(drawEveryMs, signal)
      } catch (thrown) {
        if (signal.aborted) return
        this.#failed(
          isApiError(thrown) ? thrown : new ApiError('InternalError', toError(thrown).message),
        )
        await this.#pause(signal)
      }
    }
  }

  #heard(): void {
    this.#contactMs = this.#deps.clock.now()
    this.#failures = 0
  }

  #failed(error: ApiError): void {
    this.#set(
      this.#snapshot.state === 'known'
        ? { state: 'known', value: this.#snapshot.value, atMs: this.#contactMs, error }
        : { state: 'failed', error },
    )
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const delayMs = backoffMs(
      this.#failures,
      { firstMs: reconnectFirstMs, maxMs: reconnectMaxMs },
      this.#deps.random,
    )
    this.#failures += 1
    this.#retry = new AbortController()
    await this.#deps.clock
      .sleep(delayMs, AbortSignal.any([signal, this.#retry.signal]))
      .catch(() => undefined)
    this.#retry = undefined
  }

  /** The newest value is there at once; listeners hear of it a moment later, together with what follows. */
  #set(snapshot: Snapshot<V>): void {
    const isFirst = this.#snapshot.state === 'loading'
    this.#snapshot = snapshot
    if (isFirst) return this.#tell()
    if (this.#isDrawing) return
    this.#isDrawing = true
    void this.#deps.clock.sleep(drawEveryMs).then(() => {
      this.#isDrawing = false
      this.#tell()
    })
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
    this.#deps.onDrawn?.()
  }
}
