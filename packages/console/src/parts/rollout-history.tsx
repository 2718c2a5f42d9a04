import type { Rollout } from '@skerry/api/kinds/rollout'
import { phaseLooks } from '../logic/looks.ts'
import { rolloutsNewestFirst } from '../logic/rollout-order.ts'
import { phaseOf } from '../logic/rollout-story.ts'
import { hrefOf } from '../routes.ts'
import { Panel } from './panel.tsx'
import { StatusMark } from './status-mark.tsx'
import { TimeAgo } from './time-text.tsx'

type HistoryProps = { rollout: Rollout; all: readonly Rollout[]; namespace: string }

/** The rollouts of the same fleet, newest first. */
export function RolloutHistory({ rollout, all, namespace }: HistoryProps) {
  const others = rolloutsNewestFirst(all.filter(({ spec }) => spec.fleet === rollout.spec.fleet))
  return (
    <Panel title={`History of ${rollout.spec.fleet}`}>
      <ol className="history">
        {others.slice(0, 10).map((each) => (
          <li key={each.metadata.name}>
            <a
              href={hrefOf('rollout', { namespace, name: each.metadata.name })}
              aria-current={each === rollout ? 'page' : undefined}
            >
              {each.metadata.name}
            </a>
            <StatusMark look={phaseLooks[phaseOf(each)]} />
            <span className="quiet">
              <TimeAgo time={each.metadata.creationTimestamp} />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  )
}
