import { nodePaths } from '@skerry/api/os/os-layout'
import type { SkerryBlock } from '../cloud-config/skerry-keys.ts'
import { agentCertificatesPath } from './apply-certificates.ts'
import { type ConfigReport, readConfigReport } from './config-report.ts'
import { readConfigs } from './config-sources.ts'
import type { StageHost } from './stage-host.ts'

/** What the agent of a machine is told by cloud-config. */
export type NodeConfig = {
  /** https address of the hub; undefined: nobody has said it yet. */
  readonly hub: string | undefined
  readonly token: string | undefined
  readonly site: string | undefined
  readonly namespace: string
  readonly proxy: string | undefined
  readonly noProxy: readonly string[]
  readonly ntp: readonly string[]
  /** Where own authorities stand as PEM, if there are any: NODE_EXTRA_CA_CERTS. */
  readonly caCertificatesFile: string | undefined
  /** Must run before an image counts as healthy. */
  readonly services: readonly string[]
  /** Must succeed before an image counts as healthy. */
  readonly checks: readonly NodeCheck[]
  /** Files that it was read from. */
  readonly files: readonly string[]
}
export type NodeCheck = {
  readonly name: string
  readonly command: string
  readonly timeoutSeconds: number
}

const checkSecondsDefault = 30

export function readNodeConfig(host: StageHost): NodeConfig {
  const { skerry, files } = readConfigs(host)
  return nodeConfigOf(skerry, files)
}

export function nodeConfigOf(skerry: SkerryBlock, files: readonly string[]): NodeConfig {
  return {
    hub: skerry.hub,
    token: skerry.token,
    site: skerry.site,
    namespace: skerry.namespace ?? 'default',
    proxy: skerry.proxy,
    noProxy: skerry.noProxy ?? [],
    ntp: skerry.ntp ?? [],
    caCertificatesFile:
      (skerry.caCertificates ?? []).length > 0 ? agentCertificatesPath : undefined,
    services: skerry.services ?? [],
    checks: (skerry.checks ?? []).map(({ name, command, timeoutSeconds }) => ({
      name,
      command,
      timeoutSeconds: timeoutSeconds ?? checkSecondsDefault,
    })),
    files,
  }
}

/** What cloud-config did in this boot, for the agent's report. */
export const configReportOf = (host: StageHost): ConfigReport => readConfigReport(host)

/** Where a person puts a configuration for this machine. */
export const ownConfigFolder = nodePaths.dataConfig
