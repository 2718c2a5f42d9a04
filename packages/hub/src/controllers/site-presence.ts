import { type SiteStatus, siteKind } from '@skerry/api/kinds/site'
import { type Clock, toTimestamp } from '@skerry/base/clock'
import {
  type Controller,
  type Outcome,
  type View,
  keyOf,
  parseKey,
  reads,
} from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { presenceGraceMs } from './limits.ts'
import { isFromFuture } from './site-reports.ts'

/**
 * A site that nobody has heard of for a while is offline, even if the hub that it was connected to
 * died before it could say so. Connections themselves are told of by `site-reports.ts`.
 */
export function createSitePresenceController({ clock }: { clock: Clock }): Controller {
  return {
    name: 'site-presence',
    // Who is not there can only come, and that is told by whoever hears of it.
    reads: [reads(siteKind, (site) => (isWaitedFor(site.status) ? [keyOf(site)] : []))],
    owns: [
      [siteKind, 'connectivity'],
      [siteKind, 'connectivityChangedTime'],
      [siteKind, 'lastSeenTime'],
    ],
    workers: 4,
    reconcile: (key, view) => reconcilePresence(key, view, clock),
  }
}

function isWaitedFor(status: SiteStatus | undefined): boolean {
  return status?.connectivity === undefined || status.connectivity === 'Online'
}

async function reconcilePresence(key: string, view: View, clock: Clock): Promise<Outcome> {
  const site = view.cached.get(siteKind, parseKey(key))
  if (site === undefined) return undefined
  const remainingMs = onlineForMs(site.status, clock.now())
  if (remainingMs !== undefined && remainingMs > 0) return { againAfterMs: remainingMs }
  if (remainingMs === undefined && site.status?.connectivity !== undefined) return undefined
  await updateStatus(view.state, siteKind, parseKey(key), ({ status }) => {
    if (status?.connectivity === undefined) return { connectivity: 'Never' as const }
    const stillMs = onlineForMs(status, clock.now())
    if (stillMs === undefined || stillMs > 0) return undefined
    return {
      connectivity: 'Offline' as const,
      connectivityChangedTime: toTimestamp(clock.now()),
    }
  })
  return undefined
}

/** How much longer the last word of a site counts; undefined when it is not online. */
export function onlineForMs(status: SiteStatus | undefined, nowMs: number): number | undefined {
  if (status?.connectivity !== 'Online') return undefined
  const seenMs = Date.parse(status.lastSeenTime ?? '')
  if (Number.isNaN(seenMs) || isFromFuture(seenMs, nowMs)) return 0
  return seenMs + presenceGraceMs - nowMs
}
