import { describeStep } from './describe-step.ts'
import { type Finding, positionText } from './finding.ts'
import { mergeConfigs } from './merge-configs.ts'
import { parseConfig } from './parse-config.ts'
import type { SkerryBlock } from './skerry-keys.ts'

/** What files say and will do, as a person reads it before any machine does. */
export type CheckedConfig = {
  readonly files: readonly string[]
  readonly errors: number
  readonly warnings: number
  readonly findings: readonly Finding[]
  readonly stages: readonly {
    readonly stage: string
    readonly steps: readonly {
      readonly place: string
      readonly name: string
      readonly acts: readonly string[]
    }[]
  }[]
  /** What the machine is told of its hub and network, without the join token. */
  readonly node: readonly string[]
}

export function checkConfig(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): CheckedConfig {
  const merged = mergeConfigs(files.map(({ name, bytes }) => parseConfig(bytes, name)))
  const findings = merged.findings.toSorted(
    (left, right) =>
      merged.files.indexOf(left.at.file) - merged.files.indexOf(right.at.file) ||
      left.at.line - right.at.line ||
      left.at.column - right.at.column,
  )
  return {
    files: merged.files,
    errors: findings.filter(({ severity }) => severity === 'error').length,
    warnings: findings.filter(({ severity }) => severity === 'warning').length,
    findings,
    stages: [...merged.stages].map(([stage, steps]) => ({
      stage,
      steps: steps.map((step) => ({
        place: positionText(step.at),
        name: step.label,
        acts: describeStep(step),
      })),
    })),
    node: describeNode(merged.skerry),
  }
}

/** The `skerry` block in words. */
export function describeNode(node: SkerryBlock): string[] {
  const listed = (items: readonly string[] | undefined) => items?.join(', ')
  const lines: [string, string | undefined][] = [
    ['hub', node.hub],
    ['join token', node.token === undefined ? undefined : 'given'],
    ['site', node.site],
    ['namespace', node.namespace],
    ['proxy', node.proxy],
    ['NTP servers', listed(node.ntp)],
    [
      'CA certificates',
      node.caCertificates === undefined ? undefined : String(node.caCertificates.length),
    ],
    ['persistent', listed(node.persistentPaths)],
    ['services that must run', listed(node.services)],
    ['checks', listed(node.checks?.map(({ name }) => name))],
    ...(node.network?.interfaces ?? []).map((each): [string, string] => [
      `interface ${each.name ?? each.mac ?? '*'}`,
      each.addresses === undefined
        ? 'DHCP'
        : `${listed(each.addresses)}${each.gateway === undefined ? '' : ` by ${each.gateway}`}`,
    ]),
  ]
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
}
