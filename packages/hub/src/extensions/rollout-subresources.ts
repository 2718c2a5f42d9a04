import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import type { State } from '@skerry/api/state'
import { isApiError, notFound } from '@skerry/api/status'
import type { Clock } from '@skerry/base/clock'
import { recordEvent } from '@skerry/controller/record-event'
import type { SubresourceContext, SubresourceHandler } from '../api-server/extension.ts'
import { type RolloutVerb, controlFor, rolloutVerbs } from './rollout-verbs.ts'

const triesMax = 8

/** `POST …/rollouts/NAME/pause` and its like: sets what the rollout shall do, and leaves a trace of who asked. */
export function createRolloutSubresources(
  state: State,
  clock: Clock,
): Record<RolloutVerb, SubresourceHandler> {
  const handlerOf = (verb: RolloutVerb): SubresourceHandler => ({
    verbs: ['create'],
    handle: (context) => ask({ state, clock }, verb, context),
  })
  return Object.fromEntries(rolloutVerbs.map((verb) => [verb, handlerOf(verb)])) as Record<
    RolloutVerb,
    SubresourceHandler
  >
}

async function ask(
  { state, clock }: { readonly state: State; readonly clock: Clock },
  verb: RolloutVerb,
  { object, body, user, dryRun }: SubresourceContext,
): Promise<Rollout> {
  const key = { namespace: object.metadata.namespace, name: object.metadata.name }
  for (let tries = 1; ; tries += 1) {
    const rollout = await state.get(rolloutKind, key)
    if (rollout === undefined) throw notFound(rolloutKind, key.name)
    const control = controlFor(rollout, verb, { body, by: user.name, nowMs: clock.now() })
    try {
      const asked = await state.update(
        rolloutKind,
        { ...rollout, spec: { ...rollout.spec, control } },
        { dryRun },
      )
      if (!dryRun)
        await recordEvent(state, clock, {
          object: asked,
          type: 'Normal',
          reason: `Asked${verb[0]!.toUpperCase()}${verb.slice(1)}`,
          message: `${user.name} asked to ${verb}${targetOf(verb, control)}`,
          component: 'api',
        })
      return asked
    } catch (error) {
      if (!isApiError(error, 'Conflict') || tries >= triesMax) throw error
    }
  }
}

/** What the newest request is about, and why. */
function targetOf(verb: RolloutVerb, control: Rollout['spec']['control']): string {
  const site = verb === 'skip' || verb === 'force' ? control.sites?.at(-1) : undefined
  const wave = verb === 'approve' || verb === 'promote' ? control.waves?.at(-1) : undefined
  const { reason } = site ?? wave ?? control
  const what =
    site !== undefined ? ` site ${site.site}` : wave !== undefined ? ` wave ${wave.wave}` : ''
  return `${what}${reason === undefined ? '' : `: ${reason}`}`
}
