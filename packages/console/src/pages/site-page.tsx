import type { Site, SiteStatus } from '@skerry/api/kinds/site'
import { type ReactNode, Suspense, lazy } from 'react'
import { useWatch } from '../api/hub.ts'
import { useNow, useNowText } from '../api/use-now.ts'
import { formatClock } from '../logic/format.ts'
import { type Look, connectivityLooks, healthLooks, layerLooks, syncLooks } from '../logic/looks.ts'
import { presenceOf } from '../logic/presence.ts'
import { DataTable, type TableColumn } from '../parts/data-table.tsx'
import { DigestText } from '../parts/digest-text.tsx'
import { EventList } from '../parts/event-list.tsx'
import { Facts } from '../parts/facts.tsx'
import { FaultBoundary } from '../parts/fault-boundary.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Skeleton } from '../parts/notices.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Panel } from '../parts/panel.tsx'
import { StatusMark, StatusPill } from '../parts/status-mark.tsx'
import { TimeAgo } from '../parts/time-text.tsx'
import { hrefOf } from '../routes.ts'
import NotFoundPage from './not-found-page.tsx'

const SitePlots = lazy(() =>
  import('../parts/site-plots.tsx').then((module) => ({ default: module.SitePlots })),
)

type Layer = NonNullable<SiteStatus['layers']>[number]
type FailedContent = NonNullable<SiteStatus['failed']>[number]

const layerColumns: readonly TableColumn<Layer>[] = [
  {
    key: 'name',
    header: 'Layer',
    isName: true,
    cell: (layer) => (
      <>
        {layer.name}
        <span className="sub">{layer.type}</span>
      </>
    ),
  },
  { key: 'state', header: 'State', cell: (layer) => <StatusMark look={layerLooks[layer.state]} /> },
  { key: 'version', header: 'Version', cell: (layer) => layer.version ?? '–' },
  { key: 'digest', header: 'Digest', cell: (layer) => <DigestText digest={layer.digest} /> },
  { key: 'restarts', header: 'Restarts', isNumber: true, cell: (layer) => layer.restarts ?? 0 },
  { key: 'message', header: 'Message', isWide: true, cell: (layer) => layer.message ?? '' },
]

const failedColumns: readonly TableColumn<FailedContent>[] = [
  { key: 'layer', header: 'Layer', isName: true, cell: (failed) => failed.layer },
  { key: 'digest', header: 'Digest', cell: (failed) => <DigestText digest={failed.digest} /> },
  { key: 'attempt', header: 'Attempt', isNumber: true, cell: (failed) => failed.attempt },
  { key: 'message', header: 'What happened', isWide: true, cell: (failed) => failed.message },
]

/** What a site said before it went silent must not look like what it says now. */
function healthPill(status: SiteStatus | undefined): Look {
  const look = healthLooks[status?.health ?? 'Unknown']
  return status?.connectivity === 'Offline'
    ? { tone: 'idle', words: `${look.words} when last heard` }
    : look
}

type Props = { readonly namespace: string; readonly name: string }

export default function SitePage({ namespace, name }: Props) {
  const sites = useWatch('sites', { namespace, fieldSelector: `metadata.name=${name}` })
  const events = useWatch('events', {
    namespace,
    fieldSelector: `involvedObject.kind=Site,involvedObject.name=${name}`,
  })
  return (
    <Loaded of={sites} lines={12}>
      {([site]) =>
        site === undefined ? (
          <NotFoundPage what={`Site ${name}`} namespace={namespace} />
        ) : (
          <>
            <SiteHead site={site} namespace={namespace} />
            <div className="columns slim-first">
              <PresencePanel status={site.status} />
              <Panel title="Facts">
                <SiteFacts site={site} />
              </Panel>
            </div>
            <FaultBoundary what="The measurements">
              <Suspense fallback={<Skeleton lines={8} />}>
                <SitePlots namespace={namespace} name={name} siteZone={site.spec.timeZone} />
              </Suspense>
            </FaultBoundary>
            <SiteLayers status={site.status} />
            <EventList title="Events" of={events} />
          </>
        )
      }
    </Loaded>
  )
}

function SiteHead({ site, namespace }: { site: Site; namespace: string }) {
  const { status } = site
  const pills: ReactNode = (
    <>
      <StatusPill look={connectivityLooks[status?.connectivity ?? 'Never']} about="Connection" />
      <StatusPill look={healthPill(status)} about="Health" />
      {status?.sync !== undefined && <StatusPill look={syncLooks[status.sync]} about="Sync" />}
    </>
  )
  return (
    <PageHead
      title={site.spec.displayName ?? site.metadata.name}
      above={<a href={hrefOf('sites', { namespace })}>Sites</a>}
      below={<div className="pills">{pills}</div>}
    />
  )
}

function PresencePanel({ status }: { status: SiteStatus | undefined }) {
  const { connection, health } = presenceOf(status, useNow(1000))
  return (
    <Panel title="Connection and health">
      <dl className="presence">
        <dt>
          <StatusMark look={connectivityLooks[status?.connectivity ?? 'Never']} />
        </dt>
        <dd>{connection}</dd>
        <dt className={status?.connectivity === 'Online' ? '' : 'faded'}>
          <StatusMark look={healthLooks[status?.health ?? 'Unknown']} />
        </dt>
        <dd>{health}</dd>
        {status?.desired?.message !== undefined && (
          <>
            <dt>
              <StatusMark look={syncLooks.OutOfSync} />
            </dt>
            <dd>No site spec could be made: {status.desired.message}</dd>
          </>
        )}
      </dl>
    </Panel>
  )
}

function SiteFacts({ site }: { site: Site }) {
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

function SiteLayers({ status }: { status: SiteStatus | undefined }) {
  const layers = status?.layers ?? []
  const failed = status?.failed ?? []
  return (
    <>
      <Panel title="Layers">
        {layers.length === 0 ? (
          <p className="quiet padded">Nothing runs here yet.</p>
        ) : (
          <DataTable
            caption="Layers"
            columns={layerColumns}
            rows={layers}
            keyOf={(each) => each.name}
          />
        )}
      </Panel>
      {failed.length > 0 && (
        <Panel title="What failed here">
          <p className="quiet padded">
            This content is not tried again here until it changes or is retried.
          </p>
          <DataTable
            caption="What failed here"
            columns={failedColumns}
            rows={failed}
            keyOf={(each) => `${each.layer}/${each.digest}`}
          />
        </Panel>
      )}
    </>
  )
}
