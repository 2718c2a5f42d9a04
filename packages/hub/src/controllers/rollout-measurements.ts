import type { Rollout } from '@skerry/api/kinds/rollout'
import type { Rollup } from '@skerry/api/metrics'
import type { RollupStore } from '@skerry/store/hub-store'
import { type Measurement, addUp } from '@skerry/rollout/measurement'
import { baselineHistoryMs, measuredSitesMax } from './limits.ts'
import { type FactsInput, type MeasuredModel, measuredModels } from './rollout-facts.ts'

/**
 * What the wave under way has shown so far, and the running version beside it: at the sites that
 * still run it, and at all sites from a while before the rollout began.
 */
export async function measureWave(rollups: RollupStore, input: FactsInput): Promise<Measurement[]> {
  const { rollout, layersOf } = input
  const { phase, waves, wave: waveName } = rollout.status ?? {}
  const wave = waves?.find((each) => each.name === waveName)
  if (phase !== 'Progressing' || wave?.startedTime === undefined) return []
  const sinceMs = Date.parse(wave.startedTime)
  const namespace = rollout.metadata.namespace ?? ''
  return Promise.all(
    measuredModels(rollout, layersOf).map(async (model): Promise<Measurement> => {
      const next = await rollups.query({
        namespace,
        sites: wave.sites.slice(0, measuredSitesMax),
        model: model.name,
        digest: model.digest,
        sinceMs,
      })
      const running = await queryRunning(rollups, input, model)
      return {
        wave: wave.name,
        model: model.name,
        version: model.version,
        next: addUp(mayHaveRunBefore(rollout, model) ? next.filter(isOfWave(sinceMs)) : next),
        ...(running === undefined ? {} : { running: addUp(running) }),
      }
    }),
  )
}

/** On a second attempt, or where the model stays the same, older measurements are about before. */
function mayHaveRunBefore(rollout: Rollout, model: MeasuredModel): boolean {
  return (rollout.status?.handledRetries ?? 0) > 0 || model.digest === model.previousDigest
}

const isOfWave = (sinceMs: number) => (rollup: Rollup) => rollup.startMs >= sinceMs

async function queryRunning(
  rollups: RollupStore,
  { rollout, sites }: FactsInput,
  model: MeasuredModel,
): Promise<Rollup[] | undefined> {
  if (model.previousDigest === undefined) return undefined
  const startedMs = Date.parse(rollout.status?.startedTime ?? rollout.metadata.creationTimestamp)
  const movedMs = movedSites(rollout)
  const all = sites.map((site) => site.metadata.name)
  const still = all.filter((name) => !movedMs.has(name))
  const found = await rollups.query({
    namespace: rollout.metadata.namespace ?? '',
    // Sites that still run it come first: they are measured under today's conditions.
    sites: [...still, ...all.filter((name) => movedMs.has(name))].slice(0, measuredSitesMax),
    model: model.name,
    digest: model.previousDigest,
    sinceMs: startedMs - baselineHistoryMs,
  })
  return found.filter((rollup) => rollup.endMs <= (movedMs.get(rollup.site) ?? Infinity))
}

/** The sites of the waves that have begun, and when each was asked to change: until then it ran the old version. */
function movedSites(rollout: Rollout): Map<string, number> {
  const { waves = [] } = rollout.status ?? {}
  return new Map(
    waves.flatMap(({ startedTime, sites }) =>
      startedTime === undefined
        ? []
        : sites.map((name) => [name, Date.parse(startedTime)] as const),
    ),
  )
}
