import { ApiError } from '@skerry/api/status'
import type { RollupBatch } from './hub-store.ts'
import { rollupBatchMax, rollupQueryMax } from './limits.ts'

/** The highest sequence up to which everything of the batch is stored, which is its last. */
export function highestSequence(batch: RollupBatch): number {
  return batch.rollups.reduce((highest, { sequence }) => Math.max(highest, sequence), 0)
}

export function assertBatchSize(batch: RollupBatch): void {
  if (batch.rollups.length > rollupBatchMax)
    throw new ApiError(
      'RequestEntityTooLarge',
      `The batch has ${batch.rollups.length} rollups; at most ${rollupBatchMax} are taken at a time: send fewer.`,
    )
}

/** A partial answer would be a wrong one. */
export function assertAnswerSize(count: number): void {
  if (count > rollupQueryMax)
    throw new ApiError(
      'RequestEntityTooLarge',
      `More than ${rollupQueryMax} rollups match: ask for fewer sites or a shorter time.`,
    )
}
