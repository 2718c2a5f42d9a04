import type { ModelWindow } from '@skerry/api/model-server-protocol'
import { SketchBuilder } from '@skerry/api/sketch'
import type { Random } from '@skerry/base/random'
import { requestsPerWindowMax } from '../limits.ts'

/** What the process of a model does in a world. */
export type ModelBehaviour = {
  /** Why it never serves; absent: it does. */
  readonly refusal?: string
  /** What it measured in a while. */
  readonly measure: (windowMs: number, random: Random) => ModelWindow
}

export type ServingModel = {
  readonly accuracy: number
  readonly latencyMs: number
  /** Absent: nobody asks. */
  readonly requestsPerSecond?: number
}

const empty = { zero: 0, buckets: [], sum: 0 }

export function servingModel({
  accuracy,
  latencyMs,
  requestsPerSecond = 0,
}: ServingModel): ModelBehaviour {
  return {
    measure(windowMs, random) {
      const requests = Math.min(
        requestsPerWindowMax,
        Math.floor((windowMs / 1000) * requestsPerSecond),
      )
      if (requests === 0)
        return {
          requests,
          errors: 0,
          judged: 0,
          correct: 0,
          latencyMs: empty,
          confidence: empty,
          classes: {},
        }
      const latency = new SketchBuilder()
      let correct = 0
      for (let at = 0; at < requests; at += 1) {
        latency.add(latencyMs * (0.8 + 0.4 * random.next()))
        if (random.next() < accuracy) correct += 1
      }
      const { zero, buckets, sum } = latency.toSketch()
      return {
        requests,
        errors: 0,
        judged: requests,
        correct,
        latencyMs: { zero, buckets: [...buckets], sum },
        confidence: empty,
        classes: {},
      }
    },
  }
}

export function refusingModel(refusal: string): ModelBehaviour {
  const { measure } = servingModel({ accuracy: 0, latencyMs: 0 })
  return { refusal, measure }
}
