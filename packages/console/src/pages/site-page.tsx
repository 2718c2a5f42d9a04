import type { Site, SiteStatus } from '@skerry/api/kinds/site'
import { type ReactNode, Suspense, lazy } from 'react'
import { useWatch } from '../api/hub.ts'
import { useNow } from '../api/use-now.ts'
import { type Look, connectivityLooks, healthLooks, syncLooks } from '../logic/looks.ts'
import { presenceOf } from '../logic/presence.ts'
import { EventList } from '../parts/event-list.tsx'
import { FaultBoundary } from '../parts/fault-boundary.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Skeleton } from '../parts/notices.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Panel } from '../parts/panel.tsx'
import { SiteFacts } from '../parts/site-facts.tsx'
import { SiteLayers } from '../parts/site-layers.tsx'
import { SiteMachines } from '../parts/site-machines.tsx'
import { StatusMark, StatusPill } from '../parts/status-mark.tsx'
import { hrefOf } from '../routes.ts'
import NotFoundPage from './not-found-page.tsx'

const SitePlots = lazy(() =>
  import('../parts/site-plots.tsx').then((module) => ({ default: module.SitePlots })),
)

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
            <SiteMachines namespace={namespace} site={name} />
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
