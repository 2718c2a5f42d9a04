// How often do the gates stop an unchanged model, and how soon do they see a bad one?
//   npm run bench -- gates, or node bench/gates.ts [rollouts] [seed]
// Prints a table and writes bench/results/gates.json. Seeded: the same numbers every time.
import { mkdirSync, writeFileSync } from 'node:fs'
import { seededRandom } from '../packages/base/src/random.ts'
import type { Gate } from '../packages/api/src/kinds/rollout-policy.ts'
import {
  type Behaviour,
  type Trial,
  type TrialOutcome,
  tryGates,
} from '../packages/rollout/src/testing/gate-trial.ts'

const gates: Gate[] = [
  { metric: 'ErrorRate', maxIncrease: 0.02, minSamples: 100 },
  { metric: 'LatencyP99', maxMilliseconds: 25, minSamples: 100 },
  { metric: 'Accuracy', maxDrop: 0.03, minSamples: 100 },
]
const good = { errorRate: 0, slowShare: 0.0005, fastMs: 2, slowMs: 60 }
const v1: Behaviour = { ...good, accuracy: 0.945 }
const v2: Behaviour = { ...good, accuracy: 0.98 }
const v3: Behaviour = { ...good, accuracy: 0.93 }
const v4: Behaviour = { ...v2, slowShare: 1, slowMs: 100 }

const base: Omit<Trial, 'next' | 'running'> = {
  gates,
  confidence: 0.95,
  waves: 2,
  requestsPerSecond: 8,
  baselineSites: 2,
  historyRequests: 4000,
  lookEverySeconds: 2,
  soakSeconds: 0,
  endSeconds: 900,
}
/** Trials that never end early because nothing passes: the hardest test of the promise. */
const forever: Gate[] = gates.map((gate) => ({ ...gate, minSamples: 1_000_000 }))

const scenarios: Record<string, Trial> = {
  'unchanged 98.0 %, watched 15 min': { ...base, gates: forever, next: v2, running: v2 },
  'unchanged 94.5 %, watched 15 min': { ...base, gates: forever, next: v1, running: v1 },
  'unchanged 94.5 %, no history': {
    ...base,
    gates: forever,
    historyRequests: 0,
    next: v1,
    running: v1,
  },
  'unchanged 98.0 %, until it passes': { ...base, next: v2, running: v2 },
  'unchanged 94.5 %, until it passes': { ...base, next: v1, running: v1 },
  'v2 better: 98.0 % after 94.5 %': { ...base, next: v2, running: v1 },
  'v3 bad: 93.0 % after 98.0 %': { ...base, next: v3, running: v2 },
  'v3 bad, no history': { ...base, historyRequests: 0, next: v3, running: v2 },
  'v4 slow: 100 ms, limit 25 ms': { ...base, next: v4, running: v2 },
  'worse by just the tolerance': {
    ...base,
    next: { ...v2, accuracy: 0.95 },
    running: v2,
  },
}

export function run(rollouts = 1000, seed = 1): void {
  const rows = Object.entries(scenarios).map(([scenario, trial], index) => {
    const random = seededRandom(seed * 1000 + index)
    const outcomes = Array.from({ length: rollouts }, () => tryGates(trial, random))
    return { scenario, ...summaryOf(outcomes) }
  })
  console.table(rows)
  console.log(
    `Promised: an unchanged model is stopped in at most ${(1 - base.confidence).toFixed(2)}.`,
  )
  mkdirSync('bench/results', { recursive: true })
  writeFileSync(
    'bench/results/gates.json',
    `${JSON.stringify({ command: 'npm run bench -- gates', rollouts, seed, ...base, rows }, undefined, 2)}\n`,
  )
  const worst = Math.max(
    ...rows
      .filter(({ scenario }) => scenario.startsWith('unchanged'))
      .map(({ stopped }) => stopped),
  )
  if (worst > 1 - base.confidence) {
    console.error(`An unchanged model was stopped in ${worst} of the rollouts: more than promised.`)
    process.exitCode = 1
  }
}

function summaryOf(outcomes: TrialOutcome[]) {
  const share = (wanted: TrialOutcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === wanted).length / outcomes.length
  const decided = outcomes.filter(({ outcome }) => outcome !== 'Undecided')
  const at = (field: 'seconds' | 'samples', quantile: number) =>
    decided.map((outcome) => outcome[field]).toSorted((a, b) => a - b)[
      Math.floor(quantile * (decided.length - 1))
    ] ?? null
  return {
    stopped: share('Stopped'),
    passed: share('Passed'),
    undecided: share('Undecided'),
    seconds50: at('seconds', 0.5),
    seconds90: at('seconds', 0.9),
    samples50: at('samples', 0.5),
    samples90: at('samples', 0.9),
  }
}

if (import.meta.main) run(...process.argv.slice(2).map(Number))
