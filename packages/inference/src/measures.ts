import type { ModelWindow } from '@skerry/api/model-server-protocol'
import { SketchBuilder } from '@skerry/api/sketch'
import type { Verdict } from './classify.ts'
import { Histogram } from './histogram.ts'
import { classesMax } from './limits.ts'

/** Why a request got no answer. */
export const errorReasons = [
  /** The request's own fault: not in the window, and no gate sees it. */
  'bad_request',
  'too_large',
  /** The model's or the server's fault: in the window as an error. */
  'overloaded',
  'model_failed',
  'not_representable',
  /** The client left before its answer was ready. */
  'abandoned',
] as const
export type ErrorReason = (typeof errorReasons)[number]

const clientReasons: ReadonlySet<ErrorReason> = new Set(['bad_request', 'too_large'])

const latencyBounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
const confidenceBounds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]

/** What is counted since the process started, for `/metrics`. */
export class Totals {
  requests = 0
  judged = 0
  correct = 0
  readonly errors = new Map<ErrorReason, number>(errorReasons.map((reason) => [reason, 0]))
  readonly classes = new Map<string, number>()
  readonly latencySeconds = new Histogram(latencyBounds)
  readonly confidence = new Histogram(confidenceBounds)
}

class OpenWindow {
  requests = 0
  errors = 0
  judged = 0
  correct = 0
  readonly latencyMs = new SketchBuilder()
  readonly confidence = new SketchBuilder()
  readonly classes = new Map<string, number>()
}

/** Everything that a model's process measures: totals for scraping, and the window for the agent. */
export class Measures {
  readonly totals = new Totals()
  #window = new OpenWindow()

  answered(latencyMs: number, verdicts: readonly Verdict[]): void {
    this.totals.requests += 1
    this.#window.requests += 1
    this.#addLatency(latencyMs)
    for (const { classIndex, confidence } of verdicts) {
      count(this.totals.classes, classIndex)
      count(this.#window.classes, classIndex)
      if (confidence === undefined) continue
      this.totals.confidence.add(confidence)
      this.#window.confidence.add(confidence)
    }
  }

  /** `latencyMs` is how long a client waited for nothing, where it waited. */
  failed(reason: ErrorReason, latencyMs?: number): void {
    this.totals.errors.set(reason, (this.totals.errors.get(reason) ?? 0) + 1)
    this.totals.requests += 1
    if (clientReasons.has(reason)) return
    this.#window.requests += 1
    this.#window.errors += 1
    if (latencyMs !== undefined) this.#addLatency(latencyMs)
  }

  judged(judged: number, correct: number): void {
    this.totals.judged += judged
    this.totals.correct += correct
    this.#window.judged += judged
    this.#window.correct += correct
  }

  /** What was measured since this was asked last. */
  takeWindow(): ModelWindow {
    const { requests, errors, judged, correct, latencyMs, confidence, classes } = this.#window
    this.#window = new OpenWindow()
    return {
      requests,
      errors,
      judged,
      correct,
      latencyMs: wireSketch(latencyMs),
      confidence: wireSketch(confidence),
      classes: Object.fromEntries(classes),
    }
  }

  #addLatency(latencyMs: number): void {
    this.totals.latencySeconds.add(latencyMs / 1000)
    this.#window.latencyMs.add(latencyMs)
  }
}

function wireSketch(builder: SketchBuilder): ModelWindow['latencyMs'] {
  const { zero, buckets, sum } = builder.toSketch()
  return { zero, buckets: [...buckets], sum }
}

function count(classes: Map<string, number>, classIndex: number): void {
  const name = String(classIndex)
  const isRoom = classes.has(name) || classes.size < classesMax
  const key = isRoom ? name : 'other'
  classes.set(key, (classes.get(key) ?? 0) + 1)
}
