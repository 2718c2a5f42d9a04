import {
  type Calendar,
  type CalendarState,
  ZoneCalendar,
  zoneFor,
} from '@skerry/api/windows/calendar'
import { toTimestamp } from '@skerry/base/clock'
import { type Draft, type Hold, wakeAt } from './draft.ts'
import type { SiteFacts } from './rollout-facts.ts'

type Part = 'install' | 'download'

/** Why a site may not change at this moment: its window is closed, or a blackout is on. */
export function windowHold(draft: Draft, site: SiteFacts): Hold | undefined {
  return heedsWindows(draft) ? holdOf(draft, site, 'install') : undefined
}

/** Why a site may not change although its window is open: it has not fetched all, and may not fetch now. */
export function downloadHold(draft: Draft, site: SiteFacts): Hold | undefined {
  if (!fetchesAhead(draft) || site.isFetched === true) return undefined
  return holdOf(draft, site, 'download')
}

/** Whether sites fetch before they change. */
export function fetchesAhead(draft: Draft): boolean {
  return heedsWindows(draft) && (draft.policy.windows?.download ?? []).length > 0
}

/** Whether a site may fetch at this moment. */
export function mayFetch(draft: Draft, site: SiteFacts): boolean {
  return holdOf(draft, site, 'download') === undefined
}

function heedsWindows(draft: Draft): boolean {
  return draft.policy.windows !== undefined && !ignoresWindows(draft)
}

function holdOf(draft: Draft, site: SiteFacts, part: Part): Hold | undefined {
  const own = site.timeZone ?? 'UTC'
  const zone = zoneFor(own, draft.policy.windows?.timeZone)
  if (zone === undefined)
    return {
      reason: 'Window',
      message: `waits: the hub does not know its time zone ${own}, so nobody can say whether its window is open: correct the site, or give windows.timeZone in the policy`,
    }
  return holdIn(draft, zone, part)
}

/** A rollout that carries the label which the policy names heeds neither windows nor blackouts. */
export function ignoresWindows({ rollout, policy }: Draft): boolean {
  const label = policy.windows?.ignoredForLabel
  return label !== undefined && rollout.metadata.labels?.[label] === 'true'
}

/** Ten thousand sites share a few dozen zones: each is worked out once. */
function holdIn(draft: Draft, zone: string, part: Part): Hold | undefined {
  const key = `${part} ${zone}`
  if (draft.zoneHolds.has(key)) return draft.zoneHolds.get(key)
  const state = new ZoneCalendar(calendarOf(draft, part), zone).at(draft.nowMs)
  const hold = state.isOpen ? undefined : closedHold(state, zone, part)
  // Fetching must begin and stop with its window, whoever else waits for what.
  const turnMs = state.isOpen ? state.closesMs : state.opensMs
  if (part === 'download' && turnMs !== undefined) wakeAt(draft, turnMs)
  draft.zoneHolds.set(key, hold)
  return hold
}

/** Fetching changes nothing, so blackouts do not hold it back. */
function calendarOf({ policy }: Draft, part: Part): Calendar {
  const { install = [], download = [], blackouts = [] } = policy.windows ?? {}
  return part === 'install' ? { windows: install, blackouts } : { windows: download, blackouts: [] }
}

type Closed = CalendarState & { isOpen: false }

function closedHold({ opensMs, blackout }: Closed, zone: string, part: Part): Hold {
  const reason = part === 'install' ? 'Window' : 'Download'
  const window = part === 'install' ? 'its window' : 'its window to download'
  const what = blackout === undefined ? `waits for ${window}` : `waits: blackout ${blackout}`
  if (opensMs === undefined)
    return { reason, message: `${what}; no window opens any more: change the policy` }
  return {
    reason,
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
