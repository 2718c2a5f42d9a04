import type { GateResult } from '@skerry/api/kinds/rollout'
import type { Gate } from '@skerry/api/kinds/rollout-policy'
import { SketchBuilder } from '@skerry/api/sketch'
import type { Random } from '@skerry/base/random'
import { splitAlpha } from '../alpha.ts'
import { judgeGate } from '../gates.ts'
import type { Numbers } from '../measurement.ts'

/** How a version behaves: what the bench and the tests let loose on the gates. */
export type Behaviour = {
  readonly errorRate: number
  readonly accuracy: number
  /** Share of the requests that take `slowMs`; the others take `fastMs`. */
  readonly slowShare: number
  readonly fastMs: number
  readonly slowMs: number
}

export type Trial = {
  readonly next: Behaviour
  readonly running: Behaviour
  readonly gates: readonly Gate[]
  readonly confidence: number
  readonly waves: number
  readonly requestsPerSecond: number
  /** Sites that go on with the running version. */
  readonly baselineSites: number
  /** Requests to the running version that were seen before the rollout. */
  readonly historyRequests: number
  readonly lookEverySeconds: number
  readonly soakSeconds: number
  readonly endSeconds: number
}

export type TrialOutcome = {
  readonly outcome: 'Stopped' | 'Passed' | 'Undecided'
  readonly seconds: number
  readonly samples: number
  readonly gates: readonly GateResult[]
}

/** One wave of a rollout with made-up requests, looked at again and again as the hub does. */
export function tryGates(trial: Trial, random: Random): TrialOutcome {
  const next = new Traffic(trial.next, random)
  const running = new Traffic(trial.running, random)
  running.serve(trial.historyRequests)
  const perLook = trial.requestsPerSecond * trial.lookEverySeconds
  const at = { waveIndex: 0, waves: trial.waves, gates: trial.gates.length }
  const alpha = splitAlpha(trial.confidence, at)
  let gates: GateResult[] = []
  let seconds = 0
  for (; seconds < trial.endSeconds;) {
    seconds += trial.lookEverySeconds
    next.serve(perLook)
    running.serve(perLook * trial.baselineSites)
    const measurement = {
      wave: 'canary',
      model: 'digits',
      version: 'next',
      next: next.numbers(),
      running: running.numbers(),
    }
    gates = trial.gates.map((gate) => judgeGate(gate, measurement, alpha))
    const done = (outcome: TrialOutcome['outcome']): TrialOutcome => ({
      outcome,
      seconds,
      samples: measurement.next.requests,
      gates,
    })
    if (gates.some((gate) => gate.verdict === 'Fail')) return done('Stopped')
    if (seconds >= trial.soakSeconds && gates.every((gate) => gate.verdict === 'Pass'))
      return done('Passed')
  }
  return { outcome: 'Undecided', seconds, samples: next.numbers().requests, gates }
}

class Traffic {
  readonly #behaviour: Behaviour
  readonly #random: Random
  readonly #latency = new SketchBuilder()
  #requests = 0
  #errors = 0
  #judged = 0
  #correct = 0

  constructor(behaviour: Behaviour, random: Random) {
    this.#behaviour = behaviour
    this.#random = random
  }

  serve(requests: number): void {
    const { errorRate, accuracy, slowShare, fastMs, slowMs } = this.#behaviour
    const happens = (share: number) => this.#random.next() < share
    for (let request = 0; request < requests; request += 1) {
      this.#requests += 1
      this.#latency.add(happens(slowShare) ? slowMs : fastMs)
      if (happens(errorRate)) {
        this.#errors += 1
        continue
      }
      this.#judged += 1
      if (happens(accuracy)) this.#correct += 1
    }
  }

  numbers(): Numbers {
    return {
      requests: this.#requests,
      errors: this.#errors,
      judged: this.#judged,
      correct: this.#correct,
      latencyMs: this.#latency.toSketch(),
    }
  }
}
