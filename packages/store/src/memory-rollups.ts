import { cloneJson } from '@skerry/base/json'
import type { Rollup } from '@skerry/api/metrics'
import type { RollupQuery, RollupStore } from './hub-store.ts'
import { assertAnswerSize, assertBatchSize, highestSequence } from './rollup-batch.ts'

export function createMemoryRollups(): RollupStore {
  const rows = new Map<string, Rollup>()
  return {
    append: async (batch) => {
      assertBatchSize(batch)
      for (const { sequence, ...rollup } of batch.rollups) {
        const key = `${batch.siteUid}/${batch.bootId}/${sequence}`
        if (!rows.has(key)) rows.set(key, cloneJson(rollup))
      }
      return highestSequence(batch)
    },
    query: async (query) => {
      const found = [...rows.values()].filter((rollup) => isWanted(rollup, query))
      assertAnswerSize(found.length)
      return found
        .toSorted((left, right) => left.startMs - right.startMs)
        .map((rollup) => cloneJson(rollup))
    },
    prune: async (beforeMs) => {
      const old = [...rows].filter(([, rollup]) => rollup.endMs < beforeMs)
      for (const [key] of old) rows.delete(key)
      return old.length
    },
  }
}

function isWanted(rollup: Rollup, query: RollupQuery): boolean {
  return (
    rollup.namespace === query.namespace &&
    (query.sites === undefined || query.sites.includes(rollup.site)) &&
    (query.model === undefined || rollup.model === query.model) &&
    (query.digest === undefined || rollup.digest === query.digest) &&
    rollup.endMs > query.sinceMs &&
    (query.untilMs === undefined || rollup.startMs < query.untilMs)
  )
}
