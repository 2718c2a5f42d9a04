import type { Site } from '@skerry/api/kinds/site'
import { useNowText } from '../api/use-now.ts'
import { formatClock } from '../logic/format.ts'
import { Facts } from './facts.tsx'
import { TimeAgo } from './time-text.tsx'

/** What the place is, and what was asked of it. */
export function SiteFacts({ site }: { site: Site }) {
  const { metadata, spec, status } = site
  const clock = useNowText((nowMs) => formatClock(nowMs, nowMs, spec.timeZone))
  const labels = Object.entries(metadata.labels ?? {})
  const applied = status?.applied
  return (
    <Facts
      facts={[
        ['Name', metadata.name],
        ['Models', status?.models],
        ['Time at the site', `${clock}, ${spec.timeZone}`],
        ['Last heard', <TimeAgo time={status?.lastSeenTime} />],
        [
          'Applied',
          applied && (
            <>
              revision {applied.revision}, <TimeAgo time={applied.time} />
            </>
          ),
        ],
        ['Asked for', status?.desired && `revision ${status.desired.revision}`],
        ['Device', status?.device],
        ['Agent', status?.agentVersion],
        [
          'Location',
          spec.location &&
            `${spec.location.latitude.toFixed(3)}, ${spec.location.longitude.toFixed(3)}`,
        ],
        [
          'Labels',
          labels.length === 0 ? undefined : labels.map((pair) => pair.join('=')).join(', '),
        ],
      ]}
    />
  )
}
