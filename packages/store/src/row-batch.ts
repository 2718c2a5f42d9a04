import type { KeptText } from './kept-text.ts'
import { rowBatchKeysMax, rowBatchesMax } from './limits.ts'
import { type RowKey, rowKeyText } from './row-key.ts'

type Asked = {
  readonly row: RowKey
  readonly resolve: (kept: KeptText | undefined) => void
  readonly reject: (error: Error) => void
}

/**
 * Those who ask for single rows at the same time share a question. It is put after each of them has
 * asked, so all see what was committed before; nothing is remembered.
 */
export function createRowBatch(
  read: (rows: readonly RowKey[]) => Promise<ReadonlyMap<string, KeptText>>,
): (row: RowKey) => Promise<KeptText | undefined> {
  const waiting: Asked[] = []
  let running = 0
  const next = async (): Promise<void> => {
    // What is asked for in the same turn goes along.
    await Promise.resolve()
    while (waiting.length > 0) await settle(waiting.splice(0, rowBatchKeysMax), read)
    running -= 1
  }
  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject })
      if (running >= rowBatchesMax) return
      running += 1
      void next()
    })
}

async function settle(
  batch: readonly Asked[],
  read: (rows: readonly RowKey[]) => Promise<ReadonlyMap<string, KeptText>>,
): Promise<void> {
  const rows = new Map(batch.map(({ row }) => [rowKeyText(row), row]))
  try {
    const found = await read([...rows.values()])
    for (const { row, resolve } of batch) resolve(found.get(rowKeyText(row)))
  } catch (thrown) {
    for (const { reject } of batch) reject(thrown as Error)
  }
}
