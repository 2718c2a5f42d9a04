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

/**
 * First come, first served, one at a time. `onnxruntime-node` 1.27 runs a model on the thread that asks
 * (its own threads work within one run), so more at once would only wait elsewhere, unseen. Between two
 * runs the event loop turns, and connections, health and collection get their share.
 */
export class RunQueue {
  readonly #run: RunModel
  readonly #requestsMax: number
  #depth = 0
  #tail: Promise<unknown> = Promise.resolve()

  constructor(run: RunModel, requestsMax: number) {
    this.#run = run
    this.#requestsMax = requestsMax
  }

  /** How many wait or run. */
  get depth(): number {
    return this.#depth
  }

  /** Rejects with what the model threw. */
  async submit(job: RunJob): Promise<RunOutcome> {
    if (this.#depth >= this.#requestsMax) return { ok: false, reason: 'overloaded' }
    this.#depth += 1
    const turn = this.#tail.then(() => this.#take(job))
    this.#tail = turn.catch(() => {})
    try {
      return await turn
    } finally {
      this.#depth -= 1
    }
  }

  async #take(job: RunJob): Promise<RunOutcome> {
    if (job.isAbandoned()) return { ok: false, reason: 'abandoned' }
    return { ok: true, outputs: await this.#run(job.inputs, job.outputs) }
  }
}
