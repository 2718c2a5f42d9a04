import { randomConfig } from '@skerry/api/managed-fields/testing/random-thing'
import { type Random, seededRandom } from '@skerry/base/random'
import { type Sequence, type Step, apply, force, merge, update } from './apply-sequence.ts'

const stepsPerSequence = 10

/** What nobody thought of: appliers and updaters who want some of the same fields, and give them up again. */
export function randomSequence(seed: number): Sequence {
  const random = seededRandom(seed)
  const steps = Array.from({ length: stepsPerSequence }, () => randomStep(random))
  return { title: `a random sequence of seed ${seed}`, kind: 'Thing', steps }
}

function randomStep(random: Random): Step {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]!
  const manager = pick(['a', 'b', 'c'])
  const letters = pick(['abc', 'bcd', 'cde', 'ab'])
  const { metadata, spec } = randomConfig(random, letters, pick(['v', 'v', 'w']))
  const { labels } = metadata
  const config = { spec, ...(labels === undefined ? {} : { metadata: { labels } }) }
  const write = pick([apply, apply, force, force, update, merge])
  return write(manager, config)
}
