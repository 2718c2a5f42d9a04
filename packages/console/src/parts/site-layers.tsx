import type { SiteStatus } from '@skerry/api/kinds/site'
import { layerLooks } from '../logic/looks.ts'
import { DataTable, type TableColumn } from './data-table.tsx'
import { DigestText } from './digest-text.tsx'
import { Panel } from './panel.tsx'
import { StatusMark } from './status-mark.tsx'

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

/** What runs at the site, and what failed there and is not tried again. */
export function SiteLayers({ status }: { status: SiteStatus | undefined }) {
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
