import { equalJson } from '@skerry/base/json'
import type { Trial } from '@skerry/planner/os-state'
import type { ReadableBus } from '../bus.ts'
import type { TargetState } from '../buses.ts'
import type { Host } from '../host.ts'
import type { StateFile } from '../state/state-file.ts'
import { healthProblems, judgeTrial, problemsText } from './health-gate.ts'
import type { ImageMachine } from './image-machine.ts'
import { careRoundMs, trialRoundMs } from './limits.ts'
import { type HealthView, measureCare, measureHealth } from './measure-health.ts'
import type { OsRuntime } from './os-runtime.ts'

/** When the trial of a boot began, by the kernel's clock. */
export type TrialStart = { readonly bootId: string; readonly startMs: number }

export type OsTrialOptions = {
  readonly host: Host
  readonly machine: ImageMachine
  readonly runtime: OsRuntime
  readonly target: ReadableBus<TargetState>
  /** Outlives the agent: one that crashes and starts again must not put off its deadline. */
  readonly start: StateFile<TrialStart>
  readonly look: () => Omit<HealthView, 'services' | 'commands' | 'wantedLayers'>
}

const deadlineSecondsDefault = 600

/** Judges the running image while it is on trial, and looks after one that was kept. */
export async function osTrial(options: OsTrialOptions, signal: AbortSignal): Promise<void> {
  const { host, machine, runtime } = options
  const startMs = await trialStart(options)
  let wellSinceMs: number | undefined
  let last: Trial | undefined
  let ailment: string | undefined
  while (!signal.aborted) {
    const { isOnTrial, intent, report } = machine.os.observe()
    if (!isOnTrial) {
      const found = await careFor(options)
      if (found !== ailment) runtime.setAilment((ailment = found))
      await host.clock.sleep(careRoundMs, signal)
      continue
    }
    const { deadlineSeconds, ...view } = policyOf(options)
    const facts = await measureHealth(host, machine, { ...options.look(), ...view })
    const before = intent?.imageId === report.imageId ? intent : undefined
    const nowMs = machine.uptimeMs()
    const clock = { startMs, nowMs, deadlineMs: deadlineSeconds * 1000, wellSinceMs }
    const round = judgeTrial(healthProblems(facts, before), clock)
    wellSinceMs = round.wellSinceMs
    if (!equalJson(round.trial, last)) runtime.setTrial((last = round.trial))
    await host.clock.sleep(trialRoundMs, signal)
  }
}

function policyOf({ target }: OsTrialOptions) {
  const layers = target.get().spec?.layers ?? []
  const health = layers.find((layer) => layer.type === 'os')?.os?.health
  return {
    deadlineSeconds: health?.deadlineSeconds ?? deadlineSecondsDefault,
    services: health?.services ?? [],
    commands: health?.commands ?? [],
    wantedLayers: new Set(layers.map((layer) => layer.name)),
  }
}

async function careFor(options: OsTrialOptions): Promise<string | undefined> {
  const { services, commands } = await measureCare(options.host, options.machine, policyOf(options))
  const problems = [...services, ...commands]
  return problems.length === 0 ? undefined : problemsText(problems)
}

async function trialStart({ start, machine }: OsTrialOptions): Promise<number> {
  const { bootId } = machine
  const kept = await start.read()
  const nowMs = machine.uptimeMs()
  if (kept?.bootId === bootId && kept.startMs <= nowMs) return kept.startMs
  // On a disk that is full the deadline begins anew with each start of the agent.
  await start.write({ bootId, startMs: nowMs }).catch(() => {})
  return nowMs
}
