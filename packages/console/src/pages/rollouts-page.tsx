import type { Fleet } from '@skerry/api/kinds/fleet'
import type { ProfileRevision } from '@skerry/api/kinds/profile'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { useList, useWatch } from '../api/hub.ts'
import { fleetMetricsPollMs, slowPollMs } from '../limits.ts'
import { phaseLooks } from '../logic/looks.ts'
import { changeWords, revisionChanges, revisionWords } from '../logic/revision-words.ts'
import { localTimes, phaseOf } from '../logic/rollout-story.ts'
import { rolloutsNewestFirst } from '../logic/rollout-order.ts'
import { CopyCommand } from '../parts/copy-command.tsx'
import { DataTable, type TableColumn } from '../parts/data-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { EmptyNotice } from '../parts/notices.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Panel } from '../parts/panel.tsx'
import { StatusMark } from '../parts/status-mark.tsx'
import { TimeAgo } from '../parts/time-text.tsx'
import { hrefOf } from '../routes.ts'

type Revisions = ReadonlyMap<string, ProfileRevision>

const rolloutLink = (namespace: string, name: string) => (
  <a href={hrefOf('rollout', { namespace, name })}>{name}</a>
)

const fleetColumns = (namespace: string, revisions: Revisions): readonly TableColumn<Fleet>[] => [
  { key: 'name', header: 'Fleet', isName: true, cell: (fleet) => fleet.metadata.name },
  { key: 'profile', header: 'Profile', cell: (fleet) => fleet.spec.profile },
  {
    key: 'synced',
    header: 'Sites in sync',
    cell: ({ status }) => (
      <span className="meter">
        <progress
          value={status?.synced ?? 0}
          max={Math.max(1, status?.sites ?? 0)}
          aria-hidden="true"
        />
        {status?.synced ?? 0} of {status?.sites ?? 0}
      </span>
    ),
  },
  {
    key: 'revision',
    header: 'Runs',
    cell: ({ status }) =>
      status?.currentRevision === undefined ? (
        '–'
      ) : (
        <span title={status.currentRevision}>
          {revisionWords(status.currentRevision, revisions.get(status.currentRevision))}
        </span>
      ),
  },
  {
    key: 'rollout',
    header: 'Last rollout',
    cell: ({ status }) =>
      status?.rollout === undefined ? '–' : rolloutLink(namespace, status.rollout),
  },
]

const rolloutColumns = (
  namespace: string,
  revisions: Revisions,
): readonly TableColumn<Rollout>[] => [
  {
    key: 'name',
    header: 'Rollout',
    isName: true,
    cell: ({ metadata, spec }) => {
      const before = revisions.get(spec.previousRevision ?? '')
      const change = changeWords(revisionChanges(before, revisions.get(spec.revision)))
      return (
        <a href={hrefOf('rollout', { namespace, name: metadata.name })}>
          {change || metadata.name}
          {change !== '' && <span className="sub">{metadata.name}</span>}
        </a>
      )
    },
  },
  {
    key: 'phase',
    header: 'Phase',
    cell: (rollout) => <StatusMark look={phaseLooks[phaseOf(rollout)]} />,
  },
  { key: 'fleet', header: 'Fleet', cell: ({ spec }) => spec.fleet },
  { key: 'wave', header: 'Wave', cell: ({ status }) => status?.wave ?? '–' },
  {
    key: 'updated',
    header: 'Updated',
    isNumber: true,
    cell: ({ status }) => status?.progress ?? '–',
  },
  {
    key: 'message',
    header: 'Message',
    isWide: true,
    cell: ({ status }) => localTimes(status?.message ?? '', Date.now()),
  },
  {
    key: 'age',
    header: 'Started',
    isNumber: true,
    cell: ({ metadata, status }) => (
      <TimeAgo time={status?.startedTime ?? metadata.creationTimestamp} />
    ),
  },
]

export default function RolloutsPage({ namespace }: { namespace: string }) {
  const rollouts = useWatch('rollouts', { namespace })
  const fleets = useList('fleets', { namespace }, fleetMetricsPollMs)
  const known = useList('profilerevisions', { namespace }, slowPollMs)
  const revisions: Revisions = new Map(
    known.state === 'known' ? known.value.map((each) => [each.metadata.name, each]) : [],
  )
  return (
    <>
      <PageHead title="Rollouts" />
      <Panel title="Fleets">
        <Loaded of={fleets} lines={2}>
          {(all) =>
            all.length === 0 ? (
              <EmptyNotice title="No fleets yet">
                <p>A fleet says which sites run which profile, and how a change travels.</p>
                <CopyCommand command="kubectl explain fleet.spec" />
              </EmptyNotice>
            ) : (
              <DataTable
                caption="Fleets"
                columns={fleetColumns(namespace, revisions)}
                rows={all}
                keyOf={(fleet) => fleet.metadata.name}
              />
            )
          }
        </Loaded>
      </Panel>
      <Panel title="Rollouts, newest first">
        <Loaded of={rollouts}>
          {(all) =>
            all.length === 0 ? (
              <EmptyNotice title="No rollouts yet">
                <p>The next change of a fleet or of its profile makes one.</p>
              </EmptyNotice>
            ) : (
              <DataTable
                caption="Rollouts"
                columns={rolloutColumns(namespace, revisions)}
                rows={rolloutsNewestFirst(all)}
                keyOf={(rollout) => rollout.metadata.name}
              />
            )
          }
        </Loaded>
      </Panel>
    </>
  )
}
