import { type Finding, positionText } from '../cloud-config/finding.ts'
import type { StageName } from '../cloud-config/stage-names.ts'
import { nodePaths } from '@skerry/api/os/os-layout'
import { type StageHost, readText, rootOwned } from './stage-host.ts'

/** What cloud-config did in this boot: kept in memory, shown by the agent. No secrets are in it. */
export type ConfigReport = {
  readonly files: readonly string[]
  readonly findings: readonly ConfigReportFinding[]
  readonly stages: readonly StageReport[]
  /** Stages that are over in this boot. */
  readonly ran: readonly StageName[]
}

export type ConfigReportFinding = {
  readonly severity: Finding['severity']
  readonly code: Finding['code']
  /** File, line and column. */
  readonly place: string
  readonly path: string
  readonly message: string
  readonly advice: string
}

export type StageReport = {
  readonly stage: string
  readonly seconds: number
  readonly steps: readonly {
    readonly place: string
    readonly name: string
    readonly state: 'Done' | 'Skipped' | 'Failed'
    /** Why it was skipped. */
    readonly reason?: string
  }[]
  readonly problems: readonly StageProblem[]
}
/** Without a place it is of what the skerry block asks for. */
export type StageProblem = { readonly place: string; readonly message: string }

export const configReportPath = `${nodePaths.run}/config.json`

export function readConfigReport(host: StageHost): ConfigReport {
  const nothing: ConfigReport = { files: [], findings: [], stages: [], ran: [] }
  try {
    const text = readText(host, configReportPath)
    return text === undefined ? nothing : { ...nothing, ...(JSON.parse(text) as ConfigReport) }
  } catch {
    return nothing
  }
}

/** A stage that is run again, as reconcile is, takes the place of what it was. */
export function writeConfigReport(
  host: StageHost,
  now: Omit<ConfigReport, 'stages' | 'ran'>,
  { stages, ran }: Pick<ConfigReport, 'stages' | 'ran'>,
): ConfigReport {
  const before = readConfigReport(host)
  const again = new Set(stages.map(({ stage }) => stage))
  const report: ConfigReport = {
    ...now,
    stages: [...before.stages.filter(({ stage }) => !again.has(stage)), ...stages],
    ran: [...new Set([...before.ran, ...ran])],
  }
  host.makeDirectory(nodePaths.run, rootOwned(0o755))
  host.write(configReportPath, `${JSON.stringify(report, undefined, 2)}\n`, rootOwned(0o600))
  return report
}

export const reportFinding = (finding: Finding): ConfigReportFinding => ({
  severity: finding.severity,
  code: finding.code,
  place: positionText(finding.at),
  path: finding.path,
  message: finding.message,
  advice: finding.advice,
})
