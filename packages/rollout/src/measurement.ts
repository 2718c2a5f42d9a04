import type { Rollup } from '@skerry/api/metrics'
import { type Sketch, mergeSketches } from '@skerry/api/sketch'

/** What one model did at some sites over some time, added up. */
export type Numbers = {
  readonly requests: number
  readonly errors: number
  readonly judged: number
  readonly correct: number
  readonly latencyMs: Sketch
}

/** The numbers of one model in one wave, and of the running version beside it. */
export type Measurement = {
  readonly wave: string
  readonly model: string
  readonly version: string
  readonly next: Numbers
  /** Absent when no version of the model ran before. */
  readonly running?: Numbers | undefined
}

export function addUp(rollups: readonly Rollup[]): Numbers {
  const sum = (field: 'requests' | 'errors' | 'judged' | 'correct') =>
    rollups.reduce((total, rollup) => total + rollup[field], 0)
  return {
    requests: sum('requests'),
    errors: sum('errors'),
    judged: sum('judged'),
    correct: sum('correct'),
    latencyMs: mergeSketches(rollups.map((rollup) => rollup.latencyMs)),
  }
}

export const noNumbers: Numbers = addUp([])
