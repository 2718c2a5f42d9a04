import type { ProfileRevision } from '@skerry/api/kinds/profile'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { useList, useWatch } from '../api/hub.ts'
import { useNow } from '../api/use-now.ts'
import { slowPollMs } from '../limits.ts'
import { phaseLooks } from '../logic/looks.ts'
import { changeWords, revisionChanges } from '../logic/revision-words.ts'
import { phaseOf, rolloutStory } from '../logic/rollout-story.ts'
import { EventList } from '../parts/event-list.tsx'
import { GatesTable } from '../parts/gates-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Panel } from '../parts/panel.tsx'
import { RolloutFacts } from '../parts/rollout-facts.tsx'
import { RolloutHistory } from '../parts/rollout-history.tsx'
import { Mark, StatusPill } from '../parts/status-mark.tsx'
import { VerbButtons } from '../parts/verb-buttons.tsx'
import { WaveTrack } from '../parts/wave-track.tsx'
import { hrefOf } from '../routes.ts'
import NotFoundPage from './not-found-page.tsx'

type Props = { readonly namespace: string; readonly name: string }
type Revisions = ReadonlyMap<string, ProfileRevision>

export default function RolloutPage({ namespace, name }: Props) {
  const rollouts = useWatch('rollouts', { namespace })
  const known = useList('profilerevisions', { namespace }, slowPollMs)
  const events = useWatch('events', {
    namespace,
    fieldSelector: `involvedObject.kind=Rollout,involvedObject.name=${name}`,
  })
  const revisions: Revisions = new Map(
    known.state === 'known' ? known.value.map((each) => [each.metadata.name, each]) : [],
  )
  return (
    <Loaded of={rollouts} lines={12}>
      {(all) => {
        const rollout = all.find((each) => each.metadata.name === name)
        if (rollout === undefined)
          return <NotFoundPage what={`Rollout ${name}`} namespace={namespace} />
        return (
          <>
            <RolloutHead rollout={rollout} namespace={namespace} revisions={revisions} />
            <Story rollout={rollout} />
            <Panel title="Waves">
              <WaveTrack rollout={rollout} namespace={namespace} />
            </Panel>
            <Panel title="Gates">
              <GatesTable rollout={rollout} />
            </Panel>
            <div className="columns">
              <EventList title="Timeline" of={events} />
              <div>
                <Panel title="Facts">
                  <RolloutFacts rollout={rollout} revisions={revisions} />
                </Panel>
                <RolloutHistory rollout={rollout} all={all} namespace={namespace} />
              </div>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}

type HeadProps = { rollout: Rollout; namespace: string; revisions: Revisions }

function RolloutHead({ rollout, namespace, revisions }: HeadProps) {
  const { spec, metadata, status } = rollout
  const before = revisions.get(spec.previousRevision ?? '')
  const change = changeWords(revisionChanges(before, revisions.get(spec.revision)))
  return (
    <PageHead
      title={change || metadata.name}
      above={<a href={hrefOf('rollouts', { namespace })}>Rollouts</a>}
      below={
        <div className="pills">
          <StatusPill look={phaseLooks[phaseOf(rollout)]} about="Phase" />
          <span className="quiet">
            {metadata.name} · fleet {spec.fleet}
            {status?.progress !== undefined && ` · ${status.progress} updated`}
          </span>
        </div>
      }
      actions={<VerbButtons rollout={rollout} namespace={namespace} />}
    />
  )
}

/** Why it stopped, or what it does, so that nobody needs to read a table at night. */
function Story({ rollout }: { rollout: Rollout }) {
  const story = rolloutStory(rollout, useNow(60_000))
  return (
    <section className={`story tone-${story.tone}`} aria-label="What happens">
      <Mark tone={story.tone} />
      <div>
        <p className="story-headline">{story.headline}</p>
        {story.sentences.map((told) => (
          <p key={told}>{told}</p>
        ))}
      </div>
    </section>
  )
}
