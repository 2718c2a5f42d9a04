import { type Random, seededRandom } from '@skerry/base/random'

/** Something that goes wrong at a moment of a scenario. `site` is its number. */
export type Fault = { readonly atMs: number } & (
  | { readonly do: 'kill-agent'; readonly site: number; readonly downMs: number }
  | { readonly do: 'cut-power'; readonly site: number; readonly downMs: number }
  /** In the middle of what is written, before the so many-th operation of the disk from then on. */
  | {
      readonly do: 'cut-power-in-write'
      readonly site: number
      readonly operations: number
      readonly downMs: number
    }
  | { readonly do: 'cut-link'; readonly site: number; readonly forMs: number }
  | { readonly do: 'silence-link'; readonly site: number; readonly forMs: number }
  | { readonly do: 'slow-link'; readonly site: number; readonly forMs: number }
  | { readonly do: 'jump-clock'; readonly site: number; readonly byMs: number }
  | { readonly do: 'fill-disk'; readonly site: number; readonly forMs: number }
  | { readonly do: 'fail-reads'; readonly site: number; readonly forMs: number }
  | { readonly do: 'crash-process'; readonly site: number }
  | { readonly do: 'kill-hub'; readonly downMs: number }
  | { readonly do: 'jump-hub-clock'; readonly byMs: number }
)

/** Something that people do. */
export type Deed = { readonly atMs: number } & {
  readonly do: 'push-model'
  readonly version: string
}

export type Scenario = {
  readonly seed: number
  readonly sites: number
  readonly heartbeatMs: number
  /** After this nothing goes wrong any more, and everything has to come to rest. */
  readonly durationMs: number
  readonly faults: readonly Fault[]
  readonly deeds: readonly Deed[]
}

export type ScenarioSize = {
  readonly sites: number
  readonly durationMs: number
  readonly faults: number
}

const minuteMs = 60_000
export const smallSize: ScenarioSize = { sites: 4, durationMs: 25 * minuteMs, faults: 14 }
export const largeSize: ScenarioSize = { sites: 12, durationMs: 3 * 60 * minuteMs, faults: 90 }

/** What happens in the world of a seed. The same seed and size, the same scenario. */
export function planScenario(seed: number, size: ScenarioSize = smallSize): Scenario {
  const random = seededRandom(seed)
  const { sites, durationMs } = size
  const between = (least: number, most: number) =>
    Math.round(least + (most - least) * random.next())
  const faults = Array.from({ length: size.faults }, () =>
    planFault(random, { sites, durationMs, between }),
  ).toSorted((left, right) => left.atMs - right.atMs)
  const versions = ['v2', random.next() < 0.5 ? 'bad' : 'v3', 'v4']
  const deeds = versions.map((version, index) => ({
    atMs: Math.round((durationMs * (index + 0.2 + 0.6 * random.next())) / versions.length),
    do: 'push-model' as const,
    version,
  }))
  const heartbeatMs = [15_000, minuteMs, 5 * minuteMs][between(0, 2)]!
  return { seed, sites, heartbeatMs, durationMs, faults, deeds }
}

type Dice = {
  readonly sites: number
  readonly durationMs: number
  readonly between: (least: number, most: number) => number
}

function planFault(random: Random, { sites, durationMs, between }: Dice): Fault {
  const atMs = between(0, durationMs)
  const site = between(0, sites - 1)
  const downMs = between(500, 2 * minuteMs)
  const forMs = between(1000, 5 * minuteMs)
  const kinds: readonly (() => Fault)[] = [
    () => ({ atMs, do: 'kill-agent', site, downMs }),
    () => ({ atMs, do: 'cut-power', site, downMs }),
    () => ({ atMs, do: 'cut-power-in-write', site, operations: between(1, 40), downMs }),
    () => ({ atMs, do: 'cut-link', site, forMs }),
    () => ({ atMs, do: 'silence-link', site, forMs }),
    () => ({ atMs, do: 'slow-link', site, forMs }),
    () => ({ atMs, do: 'jump-clock', site, byMs: between(-30 * minuteMs, 30 * minuteMs) }),
    () => ({ atMs, do: 'fill-disk', site, forMs }),
    () => ({ atMs, do: 'fail-reads', site, forMs }),
    () => ({ atMs, do: 'crash-process', site }),
    () => ({ atMs, do: 'kill-hub', downMs }),
    () => ({ atMs, do: 'jump-hub-clock', byMs: between(-20 * minuteMs, 20 * minuteMs) }),
  ]
  return kinds[Math.floor(random.next() * kinds.length)]!()
}

/** One line for a person. */
export function describeFault(fault: Fault): string {
  const { atMs, do: what, ...rest } = fault
  const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`)
  return `${(atMs / 1000).toFixed(0)} s: ${what} ${details.join(', ')}`
}
