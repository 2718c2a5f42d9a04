import type { ProfileRevision } from '@skerry/api/kinds/profile'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { formatCount, formatDuration, formatShare, toMs } from '../logic/format.ts'
import { revisionWords } from '../logic/revision-words.ts'
import { reactionWords } from '../logic/rollout-story.ts'
import { Facts } from './facts.tsx'
import { TimeAgo } from './time-text.tsx'

type Revisions = ReadonlyMap<string, ProfileRevision>

/** What it brings, and by which rules it travels. */
export function RolloutFacts({ rollout, revisions }: { rollout: Rollout; revisions: Revisions }) {
  const { spec, status, metadata } = rollout
  const { policy } = spec
  const startedMs = toMs(status?.startedTime)
  const finishedMs = toMs(status?.finishedTime)
  const previous = spec.previousRevision
  return (
    <Facts
      facts={[
        [
          'Brings',
          <span title={spec.revision}>
            {revisionWords(spec.revision, revisions.get(spec.revision))}
          </span>,
        ],
        [
          'Before',
          previous && (
            <span title={previous}>{revisionWords(previous, revisions.get(previous))}</span>
          ),
        ],
        ['Made', <TimeAgo time={metadata.creationTimestamp} />],
        [
          'Took',
          startedMs !== undefined && finishedMs !== undefined
            ? formatDuration(finishedMs - startedMs)
            : undefined,
        ],
        ['Failed sites', formatCount(status?.failed ?? 0)],
        ['Parked sites', formatCount(status?.parked ?? 0)],
        ['Soak', formatDuration(policy.soakSeconds * 1000)],
        ['Confidence', formatShare(policy.confidence, 0)],
        ['If a wave fails', reactionWords[policy.onFailure]],
        ['Retries', spec.control.retries > 0 ? spec.control.retries : undefined],
      ]}
    />
  )
}
