import type { Finding } from './finding.ts'
import type { Located } from './located.ts'
import { mergeLocated } from './merge-located.ts'
import { orderSteps } from './order-steps.ts'
import type { ConfigDocument } from './parse-config.ts'
import { type SkerryBlock, skerryReader } from './skerry-keys.ts'
import { type StagePart, stageParts } from './stage-names.ts'
import type { Step } from './step-keys.ts'

/** What all files together ask for. */
export type MergedConfig = {
  readonly stages: ReadonlyMap<StagePart, readonly Step[]>
  readonly skerry: SkerryBlock
  readonly files: readonly string[]
  readonly findings: readonly Finding[]
}

/** Files in the order in which they are read: steps one after the other, values by Kairos' rules. */
export function mergeConfigs(documents: readonly ConfigDocument[]): MergedConfig {
  const findings = documents.flatMap((document) => document.findings)
  const say = (finding: Finding) => void findings.push(finding)
  let skerry: Located | undefined
  for (const document of documents)
    if (document.skerry !== undefined)
      skerry = skerry === undefined ? document.skerry : mergeLocated(skerry, document.skerry, say)
  const stages = new Map<StagePart, readonly Step[]>()
  for (const part of stageParts) {
    const steps = documents.flatMap((document) => document.stages.get(part) ?? [])
    if (steps.length > 0) stages.set(part, orderSteps(steps, say))
  }
  return {
    stages,
    // What is wrong in it was said of its file.
    skerry:
      skerry === undefined ? {} : (skerryReader.read(skerry, { path: '', say: () => {} }) ?? {}),
    files: documents.map(({ file }) => file),
    findings,
  }
}
