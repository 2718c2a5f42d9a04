// Writes per second of State over a durable PostgreSQL, by how many write at once.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configMapKind } from '../packages/api/src/kinds/core.ts'
import type { State } from '../packages/api/src/state.ts'
import { systemClock } from '../packages/base/src/clock.ts'
import { silentLog } from '../packages/base/src/log.ts'
import { systemRandom } from '../packages/base/src/random.ts'
import { startEmbeddedPostgres } from '../packages/store/src/embedded-postgres.ts'
import { createMemoryState } from '../packages/store/src/memory-state.ts'
import { openPostgresStore } from '../packages/store/src/postgres-store.ts'
import { writeResults } from './lib-results.ts'

const doors = { clock: systemClock, random: systemRandom, log: silentLog }
const writersOf = [1, 8, 64]
const measuredMs = 3_000

type Row = { store: string; writers: number; writesPerSecond: number; p50Ms: number; p99Ms: number }

export async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'skerry-bench-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const { databaseUrl } = stack.use(await startEmbeddedPostgres({ ...doors, dataDir }))
  const postgres = stack.use(await openPostgresStore({ ...doors, databaseUrl }))
  const memory = stack.use(createMemoryState(doors))
  const rows: Row[] = []
  for (const [store, state] of [
    ['PostgreSQL, fsync on', postgres.state],
    ['memory', memory],
  ] as const)
    for (const writers of writersOf)
      rows.push({ store, writers, ...(await measure(state, writers)) })
  console.table(rows)
  writeResults('store', rows)
}

/** Each writer updates an object of its own, of about 1 kB, as fast as it is answered. */
async function measure(state: State, writers: number): Promise<Omit<Row, 'store' | 'writers'>> {
  const text = 'x'.repeat(1_000)
  const latenciesMs: number[] = []
  const startMs = performance.now()
  const write = async (writer: number): Promise<void> => {
    const metadata = { namespace: 'default', name: `w${writers}-${writer}` }
    let object = await state.create(configMapKind, { metadata, data: { text, n: '0' } })
    for (let n = 1; performance.now() - startMs < measuredMs; n += 1) {
      const sentMs = performance.now()
      object = await state.update(configMapKind, { ...object, data: { text, n: String(n) } })
      latenciesMs.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  const tookMs = performance.now() - startMs
  const sorted = latenciesMs.toSorted((left, right) => left - right)
  const at = (share: number) => Number(sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(2))
  return {
    writesPerSecond: Math.round((latenciesMs.length * 1000) / tookMs),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

if (import.meta.main) await run()
