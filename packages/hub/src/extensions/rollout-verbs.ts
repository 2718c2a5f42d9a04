import { type Rollout, type RolloutStatus, rolloutKind } from '@skerry/api/kinds/rollout'
import { ApiError, badRequest } from '@skerry/api/status'
import { toTimestamp } from '@skerry/base/clock'
import { isPlainObject } from '@skerry/base/json'
import { askSite, askWave } from './rollout-request.ts'

export const rolloutVerbs = [
  'pause',
  'resume',
  'abort',
  'retry',
  'approve',
  'promote',
  'skip',
  'force',
] as const
export type RolloutVerb = (typeof rolloutVerbs)[number]

type Control = Rollout['spec']['control']
type Phase = NonNullable<RolloutStatus['phase']>

const reasonCharactersMax = 1000

/** In which phases a verb means something, and what to do in the others. */
const allowed: Record<RolloutVerb, { readonly in: readonly Phase[]; readonly instead: string }> = {
  pause: { in: ['Pending', 'Progressing'], instead: 'only a rollout under way can be paused' },
  resume: { in: ['Paused'], instead: 'only a paused rollout can be resumed' },
  abort: {
    in: ['Pending', 'Progressing', 'Paused'],
    instead: 'only a rollout that is not over can be aborted',
  },
  retry: {
    in: ['Paused', 'RolledBack', 'Failed', 'Aborted', 'Progressing', 'Succeeded'],
    instead: 'wait until it has gone back, or change the fleet',
  },
  approve: {
    in: ['Pending', 'Progressing', 'Paused'],
    instead: 'only a wave of a rollout that is not over can be approved',
  },
  promote: {
    in: ['Progressing', 'Paused'],
    instead: 'only a wave that is under way can be promoted',
  },
  skip: {
    in: ['Pending', 'Progressing', 'Paused', 'Succeeded'],
    instead: 'its sites go back, or have gone back',
  },
  force: {
    in: ['Progressing', 'Succeeded'],
    instead: 'resume or retry it first',
  },
}

/**
 * The new `spec.control` for a verb. `body` may carry `{"reason": "…"}`, and `wave` or `site` for the
 * verbs that are about one. Throws BadRequest for a body that says something else, and Conflict when
 * the verb means nothing in the rollout's phase.
 */
export function controlFor(
  rollout: Rollout,
  verb: RolloutVerb,
  asked: { readonly body: unknown; readonly by: string; readonly nowMs: number },
): Control {
  const reason = reasonOf(asked.body)
  assertMeaningful(rollout, verb)
  const request = { ...asked, reason, body: isPlainObject(asked.body) ? asked.body : {} }
  if (verb === 'skip') return askSite(rollout, 'Skip', request)
  if (verb === 'force') return askSite(rollout, 'Force', request)
  if (verb === 'approve') return askWave(rollout, 'Approve', request)
  const { control } = rollout.spec
  const { waves = control.waves } = verb === 'promote' ? askWave(rollout, 'Promote', request) : {}
  const { retries } = control
  return {
    ...(waves === undefined ? {} : { waves }),
    ...(control.sites === undefined ? {} : { sites: control.sites }),
    action: verb === 'pause' ? 'Pause' : verb === 'abort' ? 'Abort' : 'Run',
    retries: verb === 'retry' ? retries + 1 : retries,
    by: asked.by,
    time: toTimestamp(Math.max(asked.nowMs, stoppedMs(rollout) + 1000)),
    ...(reason === undefined ? {} : { reason }),
  }
}

/** Times are whole seconds: what is said in the second of the pause must still come after it. */
function stoppedMs({ status }: Rollout): number {
  const stop = status?.conditions?.find((each) => each.type === 'Stopped')
  return stop === undefined ? 0 : Date.parse(stop.lastTransitionTime)
}

function assertMeaningful(rollout: Rollout, verb: RolloutVerb): void {
  const { name } = rollout.metadata
  const { phase = 'Pending', conditions } = rollout.status ?? {}
  const refuse = (why: string) =>
    new ApiError('Conflict', `Cannot ${verb} rollout ${name}, which is ${phase}: ${why}.`, {
      name,
      group: rolloutKind.group,
      kind: rolloutKind.plural,
    })
  if (!allowed[verb].in.includes(phase)) throw refuse(allowed[verb].instead)
  const stop = conditions?.find((each) => each.type === 'Stopped' && each.status === 'True')
  const isFailed = stop?.reason === 'GateFailed' || stop?.reason === 'SitesFailed'
  if ((verb === 'resume' || verb === 'promote') && isFailed)
    throw refuse('its wave has failed, and there is no way round a failed gate: retry or abort it')
}

function reasonOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  if (!isPlainObject(body)) throw badRequest('The body must be an object such as {"reason": "…"}.')
  const { reason } = body
  if (reason === undefined) return undefined
  if (typeof reason !== 'string') throw badRequest('reason must be text.')
  if (reason.length > reasonCharactersMax)
    throw badRequest(`reason has ${reason.length} characters: at most ${reasonCharactersMax}.`)
  return reason === '' ? undefined : reason
}
