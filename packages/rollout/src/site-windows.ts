import { type CalendarState, ZoneCalendar, zoneFor } from '@skerry/api/windows/calendar'
import { toTimestamp } from '@skerry/base/clock'
import type { Draft, Hold } from './draft.ts'
import type { SiteFacts } from './rollout-facts.ts'

/** Why a site may not change at this moment: its window is closed, or a blackout is on. */
export function windowHold(draft: Draft, site: SiteFacts): Hold | undefined {
  const { windows } = draft.policy
  if (windows === undefined || ignoresWindows(draft)) return undefined
  const own = site.timeZone ?? 'UTC'
  const zone = zoneFor(own, windows.timeZone)
  if (zone === undefined)
    return {
      reason: 'Window',
      message: `waits: the hub does not know its time zone ${own}, so nobody can say whether its window is open: correct the site, or give windows.timeZone in the policy`,
    }
  return holdIn(draft, zone)
}

/** A rollout that carries the label which the policy names heeds neither windows nor blackouts. */
export function ignoresWindows({ rollout, policy }: Draft): boolean {
  const label = policy.windows?.ignoredForLabel
  return label !== undefined && rollout.metadata.labels?.[label] === 'true'
}

/** Ten thousand sites share a few dozen zones: each is worked out once. */
function holdIn(draft: Draft, zone: string): Hold | undefined {
  if (draft.zoneHolds.has(zone)) return draft.zoneHolds.get(zone)
  const { install = [], blackouts = [] } = draft.policy.windows ?? {}
  const state = new ZoneCalendar({ windows: install, blackouts }, zone).at(draft.nowMs)
  const hold = state.isOpen ? undefined : closedHold(state, zone)
  draft.zoneHolds.set(zone, hold)
  return hold
}

function closedHold({ opensMs, blackout }: CalendarState & { isOpen: false }, zone: string): Hold {
  const what = blackout === undefined ? 'waits for its window' : `waits: blackout ${blackout}`
  if (opensMs === undefined)
    return { reason: 'Window', message: `${what}; no window opens any more: change the policy` }
  return {
    reason: 'Window',
    message: `${what}, opens ${toTimestamp(opensMs)} (${wallClock(opensMs, zone)})`,
    untilMs: opensMs,
  }
}

/** `02:30 in Europe/Berlin`: as a clock at the place will show it. */
function wallClock(atMs: number, zone: string): string {
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return `${time.format(atMs)} in ${zone}`
}
