import { equalJson } from '@skerry/base/json'
import type { Trial } from '@skerry/planner/os-state'
import type { ReadableBus } from '../bus.ts'
import type { TargetState } from '../buses.ts'
import type { Host } from '../host.ts'
import type { StateFile } from '../state/state-file.ts'
import {
  type Before,
  type HealthFacts,
  healthProblems,
  judgeTrial,
  problemsText,
} from './health-gate.ts'
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

/** What is remembered between two rounds. */
type Rounds = {
  readonly startMs: number
  wellSinceMs: number | undefined
  trial: Trial | undefined
  ailment: string | undefined
  /** This start does not count against the image any more. */
  isSettled: boolean
}

/** Judges the running image while it is on trial, and looks after one that was kept. */
export async function osTrial(options: OsTrialOptions, signal: AbortSignal): Promise<void> {
  const { host, machine } = options
  const startMs = await trialStart(options)
  const none = { wellSinceMs: undefined, trial: undefined, ailment: undefined }
  const rounds: Rounds = { startMs, ...none, isSettled: false }
  while (!signal.aborted) {
    const { isOnTrial } = machine.os.observe()
    if (isOnTrial) await tryRound(options, rounds, signal)
    else await careRound(options, rounds, signal)
    const isQuiet = !isOnTrial && rounds.isSettled
    await host.clock.sleep(isQuiet ? careRoundMs : trialRoundMs, signal)
  }
}

async function tryRound(
  options: OsTrialOptions,
  rounds: Rounds,
  signal: AbortSignal,
): Promise<void> {
  const { intent, report } = options.machine.os.observe()
  const before = intent?.imageId === report.imageId ? intent : undefined
  const { trial } = await judgeRound(options, before, rounds, signal)
  // What was cut short says nothing of the image.
  if (signal.aborted) return
  if (!equalJson(trial, rounds.trial)) options.runtime.setTrial((rounds.trial = trial))
}

/** Of a machine that was kept nobody asks whether its hub answers: that says nothing of its image. */
const silence: Before = { didHubAnswer: false, hadNetwork: false }

async function careRound(
  options: OsTrialOptions,
  rounds: Rounds,
  signal: AbortSignal,
): Promise<void> {
  await examine(options, signal)
  const ailment = rounds.isSettled
    ? ailmentOf(await measureCare(options.host, options.machine, policyOf(options), signal))
    : await settleRound(options, rounds, signal)
  if (signal.aborted) return
  if (ailment !== rounds.ailment) options.runtime.setAilment((rounds.ailment = ailment))
}

async function settleRound(
  options: OsTrialOptions,
  rounds: Rounds,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { facts, trial } = await judgeRound(options, silence, rounds, signal)
  if (signal.aborted) return undefined
  if (trial.verdict !== 'Judging') rounds.isSettled = await settle(options)
  return ailmentOf(facts)
}

async function judgeRound(
  options: OsTrialOptions,
  before: Before | undefined,
  rounds: Rounds,
  signal: AbortSignal,
) {
  const { host, machine } = options
  const { deadlineSeconds, ...view } = policyOf(options)
  const facts = await measureHealth(host, machine, { ...options.look(), ...view }, signal)
  const { startMs, wellSinceMs } = rounds
  const nowMs = machine.uptimeMs()
  const clock = { startMs, nowMs, deadlineMs: deadlineSeconds * 1000, wellSinceMs }
  const round = judgeTrial(healthProblems(facts, before), clock)
  rounds.wellSinceMs = round.wellSinceMs
  return { facts, trial: round.trial }
}

function ailmentOf({ services, commands }: Pick<HealthFacts, 'services' | 'commands'>) {
  const problems = [...services, ...commands]
  return problems.length === 0 ? undefined : problemsText(problems)
}

/**
 * This start of the image that was kept does not count against it. One that is up for as long as a trial may
 * last has started, whatever is not well: what restarts it from now on is not its start.
 */
async function settle({ host, machine }: OsTrialOptions): Promise<boolean> {
  const result = await machine.os.settle()
  if (!result.ok) host.log.warn('The count of starts stands', { reason: result.message })
  return result.ok
}

/** Images that did not start any more: what their slots hold. */
async function examine({ host, machine, runtime }: OsTrialOptions, signal: AbortSignal) {
  const before = machine.os.observe().report.outcomes[0]
  const result = await machine.os.examine(signal)
  if (!result.ok) host.log.warn('Slots are read later', { reason: result.message })
  const [last] = machine.os.observe().report.outcomes
  if (last === undefined || equalJson(last, before)) return
  machine.say(`image ${last.version}: ${last.message}`)
  // Whatever the plan made of it until now is looked at anew.
  runtime.setAilment(runtime.observe().ailment)
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

async function trialStart({ start, machine }: OsTrialOptions): Promise<number> {
  const { bootId } = machine
  const kept = await start.read()
  const nowMs = machine.uptimeMs()
  if (kept?.bootId === bootId && kept.startMs <= nowMs) return kept.startMs
  // On a disk that is full the deadline begins anew with each start of the agent.
  await start.write({ bootId, startMs: nowMs }).catch(() => {})
  return nowMs
}
