import type { Event } from '@skerry/api/kinds/core'
import { toMs } from './format.ts'

const timeOf = (event: Event): number =>
  toMs(event.lastTimestamp) ??
  toMs(event.eventTime) ??
  toMs(event.firstTimestamp) ??
  toMs(event.metadata.creationTimestamp) ??
  0

/** The newest first; of one moment, what was written last. */
export function newestEvents(events: readonly Event[], count: number): Event[] {
  return events
    .toSorted((left, right) => {
      const later = timeOf(right) - timeOf(left)
      if (later !== 0) return later
      return Number(right.metadata.resourceVersion) - Number(left.metadata.resourceVersion)
    })
    .slice(0, count)
}
