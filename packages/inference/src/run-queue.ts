import type { Clock } from '@skerry/base/clock'
import type { RunModel } from './run-model.ts'
import type { TensorValue } from './tensor-type.ts'

export type RunOutcome =
  | { readonly ok: true; readonly outputs: TensorValue[] }
  | { readonly ok: false; readonly reason: 'overloaded' | 'abandoned' }

export type RunJob = {
  readonly inputs: readonly TensorValue[]
  readonly outputs: readonly string[]
  /** Asked when its turn comes: a client that has gone needs no answer. */
  readonly isAbandoned: () => boolean
}

export type RunQueueOptions = {
  readonly run: RunModel
  readonly requestsMax: number
  readonly clock: Clock
}

/** How long the event loop may stand still for runs, when one run alone is shorter. */
const turnMsMax = 1
const runsAtOnceMax = 16
/** Weight of the newest run in the average. */
const newestShare = 0.1

/**
 * First come, first served. `onnxruntime-node` 1.27 runs a model on the thread that asks (its own
 * threads work within one run), one run in each turn of the event loop, so more at once is never faster
 * in itself. But a turn costs more than a small run: runs that together take at most a millisecond
 * share one (measured: half as much again per second for the digits). Slow models run one by one, and
 * between two runs connections, health and collection get their share.
 */
export class RunQueue {
  readonly #options: RunQueueOptions
  readonly #waiting: (() => void)[] = []
  #running = 0
  #depth = 0
  #averageRunMs = Infinity

  constructor(options: RunQueueOptions) {
    this.#options = options
  }

  /** How many wait or run. */
  get depth(): number {
    return this.#depth
  }

  /** Rejects with what the model threw. */
  async submit(job: RunJob): Promise<RunOutcome> {
    if (this.#depth >= this.#options.requestsMax) return { ok: false, reason: 'overloaded' }
    this.#depth += 1
    if (this.#waiting.length === 0 && this.#running < this.#atOnce()) this.#running += 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      if (job.isAbandoned()) return { ok: false, reason: 'abandoned' }
      return { ok: true, outputs: await this.#run(job) }
    } finally {
      this.#depth -= 1
      this.#running -= 1
      this.#wake()
    }
  }

  async #run({ inputs, outputs }: RunJob): Promise<TensorValue[]> {
    const { run, clock } = this.#options
    const startMs = clock.monotonicMs()
    const place = this.#running
    const results = await run(inputs, outputs)
    const runMs = (clock.monotonicMs() - startMs) / place
    this.#averageRunMs =
      this.#averageRunMs === Infinity
        ? runMs
        : this.#averageRunMs + newestShare * (runMs - this.#averageRunMs)
    return results
  }

  #atOnce(): number {
    return Math.min(runsAtOnceMax, Math.max(1, Math.floor(turnMsMax / this.#averageRunMs)))
  }

  #wake(): void {
    while (this.#waiting.length > 0 && this.#running < this.#atOnce()) {
      this.#running += 1
      this.#waiting.shift()!()
    }
  }
}
