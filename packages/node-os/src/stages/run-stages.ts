import { toError } from '@skerry/base/assert'
import { type Finding, findingText, positionText } from '../cloud-config/finding.ts'
import type { MergedConfig } from '../cloud-config/merge-configs.ts'
import { type StageName, type StagePart, partsOf } from '../cloud-config/stage-names.ts'
import type { Step } from '../cloud-config/step-keys.ts'
import { beginStage, endStage } from './apply-skerry.ts'
import { skippedBecause } from './conditions.ts'
import {
  type ConfigReport,
  type StageProblem,
  type StageReport,
  readConfigReport,
  reportFinding,
  writeConfigReport,
} from './config-report.ts'
import { readLateDrives } from './config-drive.ts'
import { readConfigs } from './config-sources.ts'
import {
  earlyCommandMs,
  earlyTotalMs,
  lateCommandMs,
  lateTotalMs,
  problemsMax,
  saidLinesMax,
} from './limits.ts'
import { machineValues } from './machine-values.ts'
import { runStep } from './run-step.ts'
import type { StageHost } from './stage-host.ts'
import type { StepRun } from './step-run.ts'

type Options = {
  /** Also what is over in this boot: a person asked for it. */
  readonly isAgain?: boolean
}

/**
 * Runs stages with what goes before and after them, in this order, from what is configured now. Failures are
 * collected and said; nothing stops. Each stage but reconcile is run once in a boot, however often the agent
 * starts.
 */
export async function runStages(
  host: StageHost,
  names: readonly StageName[],
  { isAgain = false }: Options = {},
): Promise<ConfigReport> {
  const over: readonly StageName[] = isAgain
    ? []
    : readConfigReport(host).ran.filter((name) => name !== 'reconcile')
  const wanted = withFs(names).filter((name) => !over.includes(name))
  const isReplayed = host.phase === 'late' && wanted.includes('boot') && (await lateDrives(host))
  const config = readConfigs(host)
  if (host.phase === 'early' || isReplayed) sayFindings(host, config.findings)
  const now = { files: config.files, findings: config.findings.map(reportFinding) }
  const stages: StageReport[] = []
  const ran: StageName[] = []
  let report = writeConfigReport(host, now, { stages, ran })
  for (const name of isReplayed ? (['initramfs', ...wanted] as const) : wanted) {
    for (const part of partsOf(name)) {
      const stage = await runPart(host, config, { name, part })
      if (stage !== undefined) stages.push(stage)
    }
    ran.push(name)
    // After each, so that what happened is known even if a later one takes the machine with it.
    report = writeConfigReport(host, now, { stages, ran })
  }
  return report
}

/** What stage initramfs would have done before init is done now: better late than at the next boot. */
async function lateDrives(host: StageHost): Promise<boolean> {
  try {
    return await readLateDrives(host)
  } catch (thrown) {
    host.say(`skerry: config drive: ${toError(thrown).message}`)
    return false
  }
}

/** The data partition is there before init, so what Kairos does once it is mounted follows boot at once. */
function withFs(names: readonly StageName[]): readonly StageName[] {
  const all = names.flatMap((name): StageName[] => (name === 'boot' ? ['boot', 'fs'] : [name]))
  return [...new Set(all)]
}

type Part = { readonly name: StageName; readonly part: StagePart }

async function runPart(
  host: StageHost,
  config: MergedConfig,
  { name, part }: Part,
): Promise<StageReport | undefined> {
  const startMs = host.clock.monotonicMs()
  const isEarly = host.phase === 'early'
  const [commandMs, totalMs] = isEarly
    ? [earlyCommandMs, earlyTotalMs]
    : [lateCommandMs, lateTotalMs]
  const problems: StageProblem[] = []
  const tell = (place: string, message: string) => {
    if (problems.length < problemsMax) problems.push({ place, message })
    if (problems.length <= saidLinesMax)
      host.say(`skerry: ${part}: ${place === '' ? '' : `${place}: `}${message}`)
  }
  const steps: StageReport['steps'][number][] = []
  if (part === name) await beginStage(host, name, config.skerry, (message) => tell('', message))
  for (const step of config.stages.get(part) ?? []) {
    const before = problems.length
    const run: StepRun = {
      host,
      step,
      values: machineValues(host),
      problem: (at, message) => tell(positionText(at), message),
      commandMs: () => Math.min(commandMs, totalMs - (host.clock.monotonicMs() - startMs)),
    }
    const reason = await carryOut(run)
    steps.push({
      ...described(step),
      state: reason === undefined ? (problems.length > before ? 'Failed' : 'Done') : 'Skipped',
      ...(reason === undefined ? {} : { reason }),
    })
  }
  if (part === `${name}.after`) await endStage(host, name, (message) => tell('', message))
  if (steps.length === 0 && problems.length === 0) return undefined
  const seconds = Math.round((host.clock.monotonicMs() - startMs) / 100) / 10
  const failed = steps.filter(({ state }) => state === 'Failed').length
  host.say(`skerry: stage ${part}: ${steps.length} steps, ${failed} with problems, ${seconds} s`)
  return { stage: part, seconds, steps, problems }
}

const described = (step: Step) => ({ place: positionText(step.at), name: step.label })

/** Why the step was skipped, or undefined. */
async function carryOut(run: StepRun): Promise<string | undefined> {
  try {
    const reason = await skippedBecause(run)
    if (reason === undefined) await runStep(run)
    return reason
  } catch (thrown) {
    run.problem(run.step.at, toError(thrown).message)
    return undefined
  }
}

function sayFindings(host: StageHost, findings: readonly Finding[]): void {
  for (const finding of findings.slice(0, saidLinesMax)) host.say(`skerry: ${findingText(finding)}`)
  if (findings.length > saidLinesMax)
    host.say(`skerry: and ${findings.length - saidLinesMax} more in /run/skerry/config.json`)
}
