import { useMemo } from 'react'
import { useMetrics, useWatch } from '../api/hub.ts'
import { replaceAddress } from '../api/use-route.ts'
import { fleetMetricsPollMs } from '../limits.ts'
import { formatMilliseconds, formatRate, formatShare, plural } from '../logic/format.ts'
import { connectivityLooks, healthLooks, syncLooks } from '../logic/looks.ts'
import {
  type SiteRow,
  type SiteSort,
  filterRows,
  isSiteGroup,
  parseSort,
  pulses,
  siteRow,
  sortRows,
} from '../logic/site-rows.ts'
import { DataTable, type TableColumn } from '../parts/data-table.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { NoSites } from '../parts/no-sites.tsx'
import { EmptyNotice } from '../parts/notices.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { SiteTotals } from '../parts/site-totals.tsx'
import { StatusMark } from '../parts/status-mark.tsx'
import { TimeAgo } from '../parts/time-text.tsx'
import { type Query, hrefOf } from '../routes.ts'

const lastMinute = { sinceSeconds: 60, stepSeconds: 60, everyMs: fleetMetricsPollMs }

function columnsOf(namespace: string): readonly TableColumn<SiteRow, SiteSort>[] {
  return [
    {
      key: 'name',
      header: 'Site',
      isName: true,
      cell: (row) => (
        <a href={hrefOf('site', { namespace, name: row.name })}>
          {row.title}
          {row.title !== row.name && <span className="sub">{row.name}</span>}
        </a>
      ),
    },
    {
      key: 'connectivity',
      header: 'Connected',
      cell: (row) => <StatusMark look={connectivityLooks[row.connectivity]} />,
    },
    {
      key: 'health',
      header: 'Health',
      cell: (row) => (
        <span className={row.connectivity === 'Online' ? '' : 'faded'}>
          <StatusMark look={healthLooks[row.health]} />
          {row.connectivity === 'Offline' && <span className="sub">when last heard</span>}
        </span>
      ),
    },
    {
      key: 'sync',
      header: 'Sync',
      cell: (row) => <StatusMark look={row.sync === undefined ? undefined : syncLooks[row.sync]} />,
    },
    { key: 'versions', header: 'Model', cell: (row) => row.versions || '–' },
    {
      key: 'rate',
      header: 'Requests/s',
      isNumber: true,
      cell: (row) => formatRate(row.pulse?.requestsPerSecond),
    },
    {
      key: 'p99',
      header: 'p99',
      isNumber: true,
      cell: (row) => formatMilliseconds(row.pulse?.p99Ms),
    },
    {
      key: 'accuracy',
      header: 'Accuracy',
      isNumber: true,
      cell: (row) => formatShare(row.pulse?.accuracy),
    },
    {
      key: 'lastSeen',
      header: 'Last seen',
      isNumber: true,
      cell: (row) => <TimeAgo time={row.lastSeenMs} />,
    },
  ]
}

type Props = { readonly namespace: string; readonly query: Query }

export default function SitesPage({ namespace, query }: Props) {
  const sites = useWatch('sites', { namespace })
  const metrics = useMetrics(namespace, '-', lastMinute)
  const measured = metrics.state === 'known' ? metrics.value : undefined
  const pulseOf = useMemo(() => (measured === undefined ? undefined : pulses(measured)), [measured])
  const rows = useMemo(
    () =>
      sites.state === 'known'
        ? sites.value.map((site) => siteRow(site, pulseOf?.get(site.metadata.name)))
        : [],
    [sites, pulseOf],
  )
  return (
    <>
      <PageHead title="Sites" />
      <Loaded of={sites} lines={12}>
        {() =>
          rows.length === 0 ? (
            <NoSites />
          ) : (
            <SiteTable namespace={namespace} query={query} rows={rows} />
          )
        }
      </Loaded>
    </>
  )
}

/** Filter, group and order live in the address, so that a view can be shared and found again. */
function SiteTable({ namespace, query, rows }: Props & { readonly rows: readonly SiteRow[] }) {
  const columns = useMemo(() => columnsOf(namespace), [namespace])
  const filter = query['filter'] ?? ''
  const group = isSiteGroup(query['group']) ? query['group'] : undefined
  const order = parseSort(query['sort'])
  const change = (values: Query) =>
    replaceAddress(hrefOf('sites', { namespace }, { ...query, ...values }))
  const shown = sortRows(filterRows(rows, filter, group), order)
  const isAll = shown.length === rows.length
  return (
    <>
      <SiteTotals rows={rows} group={group} onGroup={(next) => change({ group: next ?? '' })} />
      <FilterBox
        label="Filter sites"
        placeholder="Name, version, state or label"
        value={filter}
        onChange={(next) => change({ filter: next })}
        result={isAll ? '' : `${plural(shown.length, 'site')} of ${rows.length}`}
      />
      {shown.length === 0 ? (
        <EmptyNotice title="No site is like that">
          <button
            type="button"
            className="button"
            onClick={() => change({ filter: '', group: '' })}
          >
            Show all {rows.length}
          </button>
        </EmptyNotice>
      ) : (
        <DataTable
          caption="Sites"
          columns={columns}
          rows={shown}
          keyOf={(row) => row.name}
          sorting={{
            order,
            onSort: ({ key, isDescending }) => change({ sort: `${isDescending ? '-' : ''}${key}` }),
          }}
        />
      )}
    </>
  )
}
