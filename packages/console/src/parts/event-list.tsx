import type { Event } from '@skerry/api/kinds/core'
import type { Snapshot } from '../api/feed.ts'
import { eventsShownMax } from '../limits.ts'
import { newestEvents } from '../logic/newest-events.ts'
import { localTimes } from '../logic/rollout-story.ts'
import { Loaded } from './loaded.tsx'
import { Panel } from './panel.tsx'
import { Mark } from './status-mark.tsx'
import { TimeAgo } from './time-text.tsx'

/** What happened, newest first. */
export function EventList({ title, of }: { title: string; of: Snapshot<readonly Event[]> }) {
  return (
    <Panel title={title}>
      <Loaded of={of} lines={4}>
        {(events) =>
          events.length === 0 ? (
            <p className="quiet padded">Nothing has happened here yet.</p>
          ) : (
            <ol className="timeline">
              {newestEvents(events, eventsShownMax).map((event) => (
                <EventItem key={event.metadata.uid} event={event} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </Panel>
  )
}

function EventItem({ event }: { event: Event }) {
  const isWarning = event.type === 'Warning'
  return (
    <li>
      <Mark tone={isWarning ? 'warn' : 'idle'} />
      <div>
        <p className="event-head">
          <strong>{event.reason ?? 'Event'}</strong>
          {isWarning && <span className="visually-hidden"> (warning)</span>}
          {(event.count ?? 1) > 1 && <span className="quiet"> × {event.count}</span>}
          <span className="quiet">
            <TimeAgo time={event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp} />
          </span>
        </p>
        <p>{localTimes(event.message ?? '', Date.now())}</p>
      </div>
    </li>
  )
}
