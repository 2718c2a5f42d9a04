import type { SiteStatus } from '@skerry/api/kinds/site'
import { formatAgo, formatClock, formatDuration, toMs } from './format.ts'
import { healthLooks } from './looks.ts'

/** Whether we can hear the site and whether it is well are two questions. Each gets its own sentence. */
export type Presence = { readonly connection: string; readonly health: string }

export function presenceOf(status: SiteStatus | undefined, nowMs: number): Presence {
  const connectivity = status?.connectivity ?? 'Never'
  const sinceMs = toMs(status?.connectivityChangedTime)
  const seenMs = toMs(status?.lastSeenTime)
  const since =
    sinceMs === undefined
      ? ''
      : ` since ${formatClock(sinceMs, nowMs)} (${formatDuration(nowMs - sinceMs)})`
  const said = healthLooks[status?.health ?? 'Unknown'].words.toLowerCase()
  const why = status?.healthMessage === undefined ? '' : ` ${sentence(status.healthMessage)}`
  switch (connectivity) {
    case 'Online':
      return {
        connection: `Connected${since}.`,
        health:
          status?.health === undefined
            ? 'It has not said yet how it is.'
            : `The site says that it is ${said}.${why}`,
      }
    case 'Offline':
      return {
        connection: `Offline${since}.${seenMs === undefined ? '' : ` Last heard ${formatAgo(seenMs, nowMs)}.`}`,
        health: `Before that it said that it was ${said}.${why} How it is now cannot be known from here; what runs there goes on running.`,
      }
    case 'Never':
      return {
        connection: 'No device of this site has ever connected.',
        health: 'Nothing is known of its health.',
      }
  }
}

/** As a sentence: with a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim()
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`
}
