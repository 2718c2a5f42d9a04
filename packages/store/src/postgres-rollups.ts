import type { Pool } from 'pg'
import { asking } from './database-error.ts'
import type { RollupStore } from './hub-store.ts'
import { rollupQueryMax } from './limits.ts'
import { assertAnswerSize, assertBatchSize, highestSequence } from './rollup-batch.ts'
import { appendRollups } from './sql/append-rollups.ts'
import { pruneRollups } from './sql/prune-rollups.ts'
import { queryRollups } from './sql/query-rollups.ts'

export function createPostgresRollups(pool: Pool): RollupStore {
  return {
    append: async (batch) => {
      assertBatchSize(batch)
      if (batch.rollups.length > 0) await asking(() => appendRollups(pool, batch))
      return highestSequence(batch)
    },
    query: async (query) => {
      const found = await asking(() => queryRollups(pool, query, rollupQueryMax + 1))
      assertAnswerSize(found.length)
      return found
    },
    prune: (beforeMs) => asking(() => pruneRollups(pool, beforeMs)),
  }
}
