import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'

/** Writes what a bench measured, with the command and the machine, to bench/results/NAME.json. */
export function writeResults(
  name: string,
  measured: unknown,
  command = `npm run bench -- ${name}`,
): void {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const record = {
    command,
    date: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.version,
    },
    measured,
  }
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(record, undefined, 2)}\n`)
}

/** Percentiles of plain numbers, nearest rank. */
export function percentiles(values: readonly number[]) {
  const sorted = values.toSorted((left, right) => left - right)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
  const rounded = (value: number) => Math.round(value * 100) / 100
  return {
    count: sorted.length,
    p50: rounded(at(0.5)),
    p95: rounded(at(0.95)),
    p99: rounded(at(0.99)),
    max: rounded(sorted.at(-1)!),
  }
}
