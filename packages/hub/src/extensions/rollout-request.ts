import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import type { SiteRequest, WaveRequest } from '@skerry/api/kinds/rollout-requests'
import { ApiError, badRequest } from '@skerry/api/status'
import { toTimestamp } from '@skerry/base/clock'

type Control = Rollout['spec']['control']

/** A field that admission bounds: whoever speaks of more sites wants another fleet. */
const requestsMax = 1_000

export type Asked = {
  readonly body: Readonly<Record<string, unknown>>
  readonly by: string
  readonly nowMs: number
  readonly reason: string | undefined
}

/** `control` with what was asked of one wave added. Without a wave: the one that waits, or is under way. */
export function askWave(rollout: Rollout, verb: WaveRequest['verb'], asked: Asked): Control {
  const { control } = rollout.spec
  const waves = rollout.status?.waves ?? []
  const open = waves.find(({ state }) => state !== 'Passed')
  const name = textOf(asked.body, 'wave') ?? open?.name
  const wave = waves.find((each) => each.name === name)
  if (wave === undefined)
    throw badRequest(
      name === undefined
        ? 'wave must be named: this rollout has no wave that has not passed.'
        : `wave ${name} is none of this rollout: use ${waves.map((each) => each.name).join(', ')}.`,
    )
  const attempt = rollout.status?.handledRetries ?? control.retries
  const said = control.waves ?? []
  const isSame = (each: WaveRequest) =>
    each.verb === verb && each.wave === wave.name && each.attempt === attempt
  if (verb === 'Approve' && said.some((each) => isSame(each) && each.by === asked.by))
    throw refusal(
      rollout,
      `Cannot approve wave ${wave.name} again: ${asked.by} has approved it already, and somebody else must.`,
    )
  const request = { verb, wave: wave.name, attempt, ...whoOf(asked, asked.nowMs) }
  return { ...control, waves: bounded(rollout, [...said, request]) }
}

/** `control` with what was asked of one site added. */
export function askSite(rollout: Rollout, verb: SiteRequest['verb'], asked: Asked): Control {
  const { control } = rollout.spec
  const site = textOf(asked.body, 'site')
  if (site === undefined) throw badRequest('site must be named, as in {"site": "depot-1"}.')
  if (!(rollout.status?.sites ?? []).some(({ name }) => name === site))
    throw badRequest(`site ${site} is none of this rollout: see its status.sites.`)
  const said = control.sites ?? []
  const before = said.findLast((each) => each.site === site)
  // Times are whole seconds, and tell one request for a site from the next.
  const afterMs = before === undefined ? 0 : Date.parse(before.time) + 1000
  const request = { verb, site, ...whoOf(asked, Math.max(asked.nowMs, afterMs)) }
  return { ...control, sites: bounded(rollout, [...said, request]) }
}

function whoOf({ by, reason }: Asked, atMs: number) {
  return { by, time: toTimestamp(atMs), ...(reason === undefined ? {} : { reason }) }
}

function textOf(body: Asked['body'], field: string): string | undefined {
  const value = body[field]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw badRequest(`${field} must be text.`)
  return value
}

function bounded<T>(rollout: Rollout, requests: T[]): T[] {
  if (requests.length <= requestsMax) return requests
  throw refusal(
    rollout,
    `Rollout ${rollout.metadata.name} holds ${requestsMax} requests already: change the policy or the fleet instead.`,
  )
}

function refusal({ metadata: { name } }: Rollout, message: string): ApiError {
  const { group, plural } = rolloutKind
  return new ApiError('Conflict', message, { name, group, kind: plural })
}
