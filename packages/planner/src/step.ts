import type { SiteLayer, SpecVersion } from '@skerry/api/site-spec'
import { shortDigest } from '@skerry/base/digest'

/** Everything that a plan can ask for, each with what it takes. */
export type StepArguments = {
  /** Listen for a model's clients; connections wait until something serves. */
  'open-port': { readonly port?: number | undefined }
  'fetch-blob': { readonly content: SiteLayer }
  /** Load a model beside whatever serves now. */
  'start-model': { readonly content: SiteLayer }
  /** New connections go to this process from now on. */
  'switch-model': { readonly instance: string; readonly content: SiteLayer }
  /** A process that is no longer needed finishes what it has and goes. */
  'drain-old': { readonly instance: string }
  /** Write down that this content fails here, so that it is not tried again. */
  'give-up': { readonly instance: string; readonly digest: string; readonly attempt: number }
  'start-workload': { readonly content: SiteLayer }
  'restart-workload': { readonly content: SiteLayer }
  'stop-layer': { readonly isWanted: boolean }
  /** Write down that this spec runs in full. */
  'note-applied': { readonly version: SpecVersion }
  'remove-file': { readonly digest: string }
  /** Bring an image into a slot; it only begins, and goes on by itself. */
  'install-os': { readonly content: SiteLayer }
  /** Make this image the next to start. */
  'switch-os': { readonly imageId: string; readonly digest: string; readonly attempt: number }
  'restart-machine': { readonly imageId: string }
  /** The running image is kept. */
  'bless-os': { readonly imageId: string }
  /** The running image is not: the machine restarts into the one before. */
  'condemn-os': { readonly imageId: string }
  /** Write down that this image failed here, so that it is not tried again. */
  'give-up-os': { readonly digest: string; readonly attempt: number }
  /** Nothing can be done before this moment, or before something happens. */
  wait: { readonly untilMs?: number | undefined }
}

export type StepName = keyof StepArguments

type StepFrame = {
  /** Empty for a step that belongs to no layer. */
  readonly layer: string
  /** `later`: foreseen, once the steps before it are done. */
  readonly when: 'now' | 'later'
  readonly reason: string
}

export type Step = {
  [N in StepName]: StepFrame & { readonly do: N } & StepArguments[N]
}[StepName]

/** Ordered; thrown away after its first step. */
export type Plan = { readonly steps: readonly Step[] }

/** The one step to do now, or undefined when there is nothing to do but wait. */
export function nextStep(plan: Plan): Step | undefined {
  return plan.steps.find((step) => step.when === 'now' && step.do !== 'wait')
}

/** When to look again if nothing happens before; undefined: only when something happens. */
export function wakeAtMs(plan: Plan): number | undefined {
  const times = plan.steps.flatMap((step) =>
    step.do === 'wait' && step.untilMs !== undefined ? [step.untilMs] : [],
  )
  return times.length === 0 ? undefined : Math.min(...times)
}

/** What a step is remembered by when it did not succeed. */
export function stepKey(step: Step): string {
  return `${step.do} ${subjectOf(step)}`.trimEnd()
}

function subjectOf(step: Step): string {
  switch (step.do) {
    case 'fetch-blob':
    case 'start-model':
    case 'start-workload':
    case 'restart-workload':
      return `${step.layer} ${contentName(step.content)}`
    case 'install-os':
    case 'switch-model':
      return `${step.layer} ${contentName(step.content)}`
    case 'switch-os':
    case 'restart-machine':
    case 'bless-os':
    case 'condemn-os':
      return `${step.layer} ${step.imageId.slice(0, 12)}`.trimStart()
    case 'give-up-os':
    case 'give-up':
      return `${step.layer} ${shortDigest(step.digest)} attempt ${step.attempt}`
    case 'remove-file':
      return shortDigest(step.digest)
    case 'note-applied':
      return `${step.version.epoch}/${step.version.revision}`
    case 'open-port':
      return `${step.layer} ${step.port ?? ''}`.trimEnd()
    case 'drain-old':
      return `${step.layer} ${step.instance}`
    case 'stop-layer':
    case 'wait':
      return step.layer
  }
}

/** How people name what a layer runs. */
export function contentName(content: SiteLayer): string {
  return content.model?.version ?? content.os?.version ?? shortDigest(content.digest)
}

/** A plan as sentences, one a step. */
export function explainPlan(plan: Plan): string[] {
  if (plan.steps.length === 0) return ['nothing: what runs is what was asked for']
  return plan.steps.map(
    (step) => `${step.when === 'later' ? 'then ' : ''}${stepKey(step)}: ${step.reason}`,
  )
}
