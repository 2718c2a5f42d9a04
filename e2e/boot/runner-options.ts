import { parseArgs } from 'node:util'
import type { SecureBootChoice } from './scenario.ts'

export type Suite = 'faults' | 'roots'

export type RunnerOptions = {
  readonly suite: Suite
  readonly isList: boolean
  /** Texts that the name contains, with commas between; `=name` for exactly this one. */
  readonly only: string | undefined
  readonly shard: { readonly index: number; readonly count: number }
  readonly secureBoot: readonly SecureBootChoice[]
  readonly jobs: number
  readonly isAgain: boolean
}

export const runnerUsage = `npm run test:boot -- [options]
  --suite WHICH          faults (default), or roots: what npm run test:roots does
  --list                 what there is, and what passed before
  --only TEXT,...        scenarios whose name contains TEXT; =NAME for exactly one
  --shard I/N            the I-th of N parts, for several machines
  --secure-boot WHERE    on, off or both (default)
  --jobs N               virtual machines at once (default 3: each waits for a third of its time)
  --again                run also what passed before`

/** Throws a sentence about what is wrong. */
export function parseRunnerOptions(args: readonly string[]): RunnerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      suite: { type: 'string', default: 'faults' },
      list: { type: 'boolean', default: false },
      only: { type: 'string' },
      shard: { type: 'string', default: '1/1' },
      'secure-boot': { type: 'string', default: 'both' },
      jobs: { type: 'string', default: '3' },
      again: { type: 'boolean', default: false },
    },
  })
  const { suite } = values
  if (!(suite === 'faults' || suite === 'roots'))
    throw new Error(`--suite ${suite}: must be faults or roots`)
  const shard = /^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(values.shard)
  const [index, count] = [Number(shard?.[1]), Number(shard?.[2])]
  if (shard === null || index > count)
    throw new Error(`--shard ${values.shard}: must be I/N with I from 1 to N, such as 1/3`)
  const choices = { on: ['on'], off: ['off'], both: ['off', 'on'] } as const
  const where = values['secure-boot']
  if (!(where === 'on' || where === 'off' || where === 'both'))
    throw new Error(`--secure-boot ${where}: must be on, off or both`)
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 32)
    throw new Error(`--jobs ${values.jobs}: must be a number from 1 to 32`)
  return {
    suite,
    isList: values.list,
    only: values.only,
    shard: { index, count },
    secureBoot: choices[where],
    jobs,
    isAgain: values.again,
  }
}

/** The part of a list that a shard runs; neighbours go to different machines. */
export function shardOf<T>(all: readonly T[], { index, count }: RunnerOptions['shard']): T[] {
  return all.filter((_, at) => at % count === index - 1)
}

export function isWanted(name: string, only: string | undefined): boolean {
  if (only === undefined) return true
  return only
    .split(',')
    .some((part) => (part.startsWith('=') ? name === part.slice(1) : name.includes(part)))
}
