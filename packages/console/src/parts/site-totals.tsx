import { formatCount, formatRate } from '../logic/format.ts'
import type { Tone } from '../logic/looks.ts'
import { type SiteGroup, type SiteRow, countGroups, siteGroups } from '../logic/site-rows.ts'
import { Mark } from './status-mark.tsx'

type Props = {
  readonly rows: readonly SiteRow[]
  readonly group: SiteGroup | undefined
  readonly onGroup: (group: SiteGroup | undefined) => void
}

const tones: Record<SiteGroup, Tone> = {
  online: 'good',
  offline: 'warn',
  healthy: 'good',
  unwell: 'bad',
  parked: 'idle',
  changing: 'busy',
}

/** How many of each; pressed, a total shows only those. */
export function SiteTotals({ rows, group, onGroup }: Props) {
  const counts = countGroups(rows)
  const rate = rows.reduce((total, row) => total + (row.pulse?.requestsPerSecond ?? 0), 0)
  return (
    <div className="totals" role="group" aria-label="Totals; each shows only its sites">
      <button
        type="button"
        className="total"
        aria-pressed={group === undefined}
        onClick={() => onGroup(undefined)}
      >
        <span className="total-count">{formatCount(rows.length)}</span>
        <span className="total-words">All sites</span>
      </button>
      {(Object.keys(siteGroups) as SiteGroup[]).map((each) => (
        <button
          key={each}
          type="button"
          className={counts[each] === 0 ? 'total none' : 'total'}
          aria-pressed={group === each}
          onClick={() => onGroup(group === each ? undefined : each)}
        >
          <span className="total-count">{formatCount(counts[each])}</span>
          <span className="total-words">
            <Mark tone={counts[each] === 0 ? 'idle' : tones[each]} />
            {siteGroups[each].words}
          </span>
        </button>
      ))}
      <div className="total plain">
        <span className="total-count">{formatRate(rate)}</span>
        <span className="total-words">Requests/s</span>
      </div>
    </div>
  )
}
