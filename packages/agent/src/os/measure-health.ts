import type { CurrentModel, KeptLayer } from '@skerry/planner/site-state'
import type { Host } from '../host.ts'
import type { HealthFacts } from './health-gate.ts'
import type { ImageMachine, UserCheck } from './image-machine.ts'
import { commandMs, commandsAtOnceMax, probeMs, seekStuckMs } from './limits.ts'
import { runCheck } from './run-check.ts'
import { within } from './within.ts'

/** What the site asks for, and how it stands; the gate's edge reads it anew each round. */
export type HealthView = {
  /** What the os layer of the site spec wants to be well. */
  readonly services: readonly string[]
  readonly commands: readonly (readonly string[])[]
  /** Layers of the site spec; what is no longer asked for need not answer. */
  readonly wantedLayers: ReadonlySet<string>
  readonly kept: Readonly<Record<string, KeptLayer>>
  readonly models: readonly CurrentModel[]
  readonly ports: Readonly<Record<string, number>>
  readonly hub: { readonly hasHub: boolean; readonly problem?: string | undefined }
}

/** Asks all that a new image must have well. */
export async function measureHealth(
  host: Host,
  machine: ImageMachine,
  view: HealthView,
  signal: AbortSignal,
): Promise<HealthFacts> {
  const [network, models, cared] = await Promise.all([
    asked(host, 'the network', machine.probes.network()),
    modelProblems(host, machine, view),
    measureCare(host, machine, view, signal),
  ])
  const { hasHub, problem: hub } = view.hub
  return { network, hub, hasHub, loops: loopProblem(machine), models, ...cared }
}

/** What is asked of an image that was kept, too: what nobody else looks at. */
export async function measureCare(
  host: Host,
  machine: ImageMachine,
  view: Pick<HealthView, 'services' | 'commands'>,
  signal: AbortSignal,
): Promise<Pick<HealthFacts, 'services' | 'commands'>> {
  const services = [...new Set([...machine.services, ...view.services])]
  const [asService, asCommand] = await Promise.all([
    Promise.all(
      services.map((name) => asked(host, `service ${name}`, machine.probes.service(name))),
    ),
    runChecks(host, [...machine.checks, ...view.commands.map(asCheck)], signal),
  ])
  return { services: asService.filter(isProblem), commands: asCommand.filter(isProblem) }
}

function asCheck(command: readonly string[]): UserCheck {
  return { name: command.join(' '), command, limitMs: commandMs }
}

async function runChecks(host: Host, checks: readonly UserCheck[], signal: AbortSignal) {
  const problems: (string | undefined)[] = []
  for (let first = 0; first < checks.length; first += commandsAtOnceMax) {
    const batch = checks.slice(first, first + commandsAtOnceMax)
    problems.push(...(await Promise.all(batch.map((check) => runCheck(host, check, signal)))))
  }
  return problems
}

/** Models that served under the image before must answer under this one. */
async function modelProblems(
  host: Host,
  { probes }: ImageMachine,
  { kept, wantedLayers, models, ports }: HealthView,
): Promise<string[]> {
  const expected = Object.entries(kept).filter(
    ([layer, { good }]) => good.type === 'model' && wantedLayers.has(layer),
  )
  const problems = await Promise.all(
    expected.map(async ([layer]) => {
      const own = models.filter((model) => model.layer === layer)
      const serving = own.find((model) => model.phase === 'Serving')
      const port = ports[layer]
      if (serving === undefined || port === undefined) {
        const why = own.find((model) => model.message !== undefined)?.message
        return `model ${layer}, which served before, does not serve${why === undefined ? '' : `: ${why}`}`
      }
      const problem = await asked(host, `model ${layer}`, probes.model(port))
      return problem === undefined ? undefined : `model ${layer} does not answer: ${problem}`
    }),
  )
  return problems.filter(isProblem)
}

function loopProblem({ pulse }: ImageMachine): string | undefined {
  const stuck = Object.entries(pulse.agesMs()).find(([, ageMs]) => ageMs > seekStuckMs)
  // What leaves the watchdog unfed ends in a reset: an image that was kept meanwhile would go on so for ever.
  if (stuck === undefined) return pulse.refusal()
  return `loop ${stuck[0]} of the agent has not come round for ${Math.round(stuck[1] / 1000)} s`
}

async function asked(
  { clock }: Host,
  what: string,
  probe: Promise<string | undefined>,
): Promise<string | undefined> {
  const answer = await within(clock, probeMs, probe)
  return answer === undefined ? `${what} did not answer within ${probeMs / 1000} s` : answer.value
}

function isProblem(problem: string | undefined): problem is string {
  return problem !== undefined
}
