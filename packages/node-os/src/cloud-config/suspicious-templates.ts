import type { Finding, Position } from './finding.ts'
import type { Step } from './step-keys.ts'
import { hostNameProblem } from './host-name.ts'
import { type TemplateValues, renderTemplate } from './template.ts'

/** One of each value that a machine has: whether a template can be rendered does not depend on which. */
export const exampleValues: TemplateValues = {
  MachineID: '0123456789abcdef0123456789abcdef',
  UUID: '00000000-0000-4000-8000-000000000000',
  Random: 'abcdefghijklmnopqrstuvwxyz012345',
  Values: {
    node: { hostname: 'node', machineid: '0123456789abcdef0123456789abcdef' },
    os: { name: 'Linux', vendor: 'linux', version: '1', architecture: 'amd64' },
    kernel: { release: '6.12', architecture: 'amd64' },
    product: { name: 'Machine', vendor: 'Maker', version: '1', serial: '1', uuid: '1' },
    memory: { size: 1024 },
    cpu: { cpus: 1, model: 'CPU' },
  },
}

/** Templates that would stay as they are. */
export function suspiciousTemplates(step: Step): Finding[] {
  const texts: [Position, string, string][] = [
    ...(step.hostname === undefined
      ? []
      : [[step.at, 'hostname', step.hostname] satisfies [Position, string, string]]),
    ...(step.commands ?? []).map(
      ({ at, value }) => [at, 'commands', value] satisfies [Position, string, string],
    ),
    ...(step.files ?? []).map(
      ({ at, value }) =>
        [at, 'files', value.encoding === undefined ? (value.content ?? '') : ''] satisfies [
          Position,
          string,
          string,
        ],
    ),
  ]
  return texts.flatMap(([at, path, text]) => {
    const rendered = renderTemplate(text, exampleValues)
    if (rendered.ok) return path === 'hostname' ? hostNameFindings(at, rendered.text) : []
    return [
      {
        severity: path === 'hostname' ? 'error' : 'warning',
        code: 'Suspicious',
        at,
        path,
        message: `the template ${rendered.expression.replaceAll('\n', ' ').slice(0, 80)} is not known`,
        advice:
          path === 'hostname'
            ? 'the host name is not set; see docs/cloud-config.md for templates'
            : 'the text stays as it is; see docs/cloud-config.md for templates',
      } satisfies Finding,
    ]
  })
}

/** A name that no machine would take is told here too, with whatever the templates come to. */
function hostNameFindings(at: Position, name: string): Finding[] {
  const problem = hostNameProblem(name)
  if (problem === undefined) return []
  const advice = 'the host name is not set; choose another one'
  return [{ severity: 'error', code: 'Suspicious', at, path: 'hostname', message: problem, advice }]
}
