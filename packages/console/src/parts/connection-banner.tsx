import { useSyncExternalStore } from 'react'
import { feeds } from '../api/hub.ts'
import { useNow } from '../api/use-now.ts'
import { formatClock } from '../logic/format.ts'
import { Mark } from './status-mark.tsx'

/** Says in plain sight that what is on the screen is not of now. */
export function ConnectionBanner() {
  const connection = useSyncExternalStore(feeds.subscribe, feeds.connection)
  const nowMs = useNow(60_000)
  return (
    <div role="status">
      {connection.isLost && (
        <div className="banner" title={connection.message}>
          <Mark tone="warn" />
          <span>
            <strong>Not connected</strong>
            {connection.knownAtMs !== undefined &&
              `: showing what was known at ${formatClock(connection.knownAtMs, nowMs)}.`}{' '}
            It is tried again by itself.
          </span>
          <button type="button" className="button small" onClick={() => feeds.retryNow()}>
            Try now
          </button>
        </div>
      )}
    </div>
  )
}
