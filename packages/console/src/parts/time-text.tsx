import { useNowText } from '../api/use-now.ts'
import { formatAgo, formatMoment, toMs, unknownText } from '../logic/format.ts'

/** How long ago, with the moment in full in the title. */
export function TimeAgo({ time }: { time: string | number | null | undefined }) {
  const ms = typeof time === 'number' ? time : toMs(time)
  const text = useNowText((nowMs) => (ms === undefined ? unknownText : formatAgo(ms, nowMs)))
  if (ms === undefined) return <span className="quiet">{unknownText}</span>
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatMoment(ms)}>
      {text}
    </time>
  )
}
