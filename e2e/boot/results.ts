import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import { bootCacheDirectory } from './boot-cache.ts'
import type { TestImages } from './build-test-images.ts'
import type { Scenario, SecureBootChoice } from './scenario.ts'
import { harnessSources, sourceKey } from './source-key.ts'

export type Result = {
  readonly scenario: string
  readonly secureBoot: SecureBootChoice
  readonly hasPassed: boolean
  readonly time: string
  readonly clockSeconds: number
  readonly processorSeconds: number
  readonly problem?: string
}

type Kept = { readonly key: string; readonly result: Result }

/** What a result depends on: the scenario, the harness, and the images, which hold the agent. */
export async function keyOf(scenario: Scenario, images: TestImages): Promise<string> {
  const names = ['good1' as const, ...scenario.images]
  const digests = await Promise.all(
    names.map(async (name) => (await images.get(name)).manifestDigest),
  )
  const { name, run, sources = [] } = scenario
  const harness = sourceKey([...harnessSources, ...sources])
  return digestOf(JSON.stringify([name, run.toString(), digests, harness]))
}

/** The result of an earlier run with the same key. */
export async function knownResult(
  scenario: Scenario,
  secureBoot: SecureBootChoice,
  key: string,
): Promise<Result | undefined> {
  const text = await readFile(fileOf(scenario.name, secureBoot), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const kept = JSON.parse(text) as Kept
  return kept.key === key && kept.result.hasPassed ? kept.result : undefined
}

export async function keepResult(key: string, result: Result): Promise<void> {
  const file = fileOf(result.scenario, result.secureBoot)
  await mkdir(dirname(file), { recursive: true })
  const kept: Kept = { key, result }
  await writeFile(`${file}.new`, JSON.stringify(kept, undefined, 2))
  await rename(`${file}.new`, file)
}

const fileOf = (scenario: string, secureBoot: SecureBootChoice) =>
  join(bootCacheDirectory(), 'results', `${scenario}.${secureBoot}.json`)
