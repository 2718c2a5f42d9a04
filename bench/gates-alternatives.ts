// The test of the gates beside others that were not chosen (decisions/0030-gates.md).
//   npm run bench -- gates-alternatives, or node bench/gates-alternatives.ts [rollouts] [seed]
// One canary and two other sites, 8 requests per second each, 4,000 requests of history, a look every
// two seconds for 15 minutes; each rule at the share of 5 % that one of three gates has in the first of
// two waves, except the one that knows nothing of repeated looks.
import { writeFileSync } from 'node:fs'
import { type Random, seededRandom } from '../packages/base/src/random.ts'
import { differenceEvidence } from '../packages/rollout/src/evidence.ts'
import { logBeta } from '../packages/rollout/src/log-beta.ts'
import { type Share, logLikelihood, shareOf } from '../packages/rollout/src/share.ts'

const log = Math.log(6 / 0.05)

type Rule = (next: Share, running: Share) => boolean

const logMixture = ({ hits, count }: Share, a: number, b: number) =>
  logBeta(a + hits, b + count - hits) - logBeta(a, b)

/** One end of a confidence sequence of one side, at half the share. */
function end(share: Share, side: 'low' | 'high'): number {
  const mixture = logMixture(share, 1, 10)
  let [out, inside] = [side === 'low' ? 0 : 1, shareOf(share)]
  for (let step = 0; step < 40; step += 1) {
    const middle = (out + inside) / 2
    if (mixture - logLikelihood(share, middle) >= log + Math.log(2)) out = middle
    else inside = middle
  }
  return inside
}

const rules: Record<string, Rule> = {
  'z-test at 5 %, made for one look': (next, running) => {
    const all = (next.hits + running.hits) / (next.count + running.count)
    const deviation = Math.sqrt(all * (1 - all) * (1 / next.count + 1 / running.count))
    return shareOf(next) - shareOf(running) > 1.645 * deviation
  },
  'two confidence sequences that part': (next, running) =>
    shareOf(next) > shareOf(running) && end(next, 'low') > end(running, 'high'),
  'universal inference, flat priors': (next, running) => {
    if (shareOf(next) <= shareOf(running)) return false
    const both = { hits: next.hits + running.hits, count: next.count + running.count }
    const mixture = logMixture(next, 0.5, 0.5) + logMixture(running, 0.5, 0.5)
    return mixture - logLikelihood(both, shareOf(both)) >= log
  },
  'as chosen': (next, running) => differenceEvidence('above', next, running, 0).log >= log,
}

/** When the rule speaks, in seconds; undefined if it never does. */
function speaks(rule: Rule, shares: readonly [number, number], random: Random) {
  const draw = (count: number, share: number) =>
    Array.from({ length: count }, () => random.next() < share).filter(Boolean).length
  let next: Share = { hits: 0, count: 0 }
  let running: Share = { hits: draw(4000, shares[1]), count: 4000 }
  for (let seconds = 2; seconds <= 900; seconds += 2) {
    next = { hits: next.hits + draw(16, shares[0]), count: next.count + 16 }
    running = { hits: running.hits + draw(32, shares[1]), count: running.count + 32 }
    if (rule(next, running)) return seconds
  }
  return undefined
}

export function run(rollouts = 300, seed = 5): void {
  const rows = Object.entries(rules).map(([rule, decide]) => {
    const random = seededRandom(seed)
    const times = (shares: readonly [number, number]) =>
      Array.from({ length: rollouts }, () => speaks(decide, shares, random))
    const wrong = times([0.02, 0.02]).filter((at) => at !== undefined).length / rollouts
    const right = times([0.07, 0.02]).map((at) => at ?? 9999)
    const sorted = right.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(share * (rollouts - 1))]
    return { rule, stoppedUnchanged: wrong, v3Seconds50: at(0.5), v3Seconds90: at(0.9) }
  })
  console.table(rows)
  writeFileSync(
    'bench/results/gates-alternatives.json',
    `${JSON.stringify({ command: 'npm run bench -- gates-alternatives', rollouts, seed, rows }, undefined, 2)}\n`,
  )
}

if (import.meta.main) run(...process.argv.slice(2).map(Number))
