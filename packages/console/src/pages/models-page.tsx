import type { Model, ModelVersion } from '@skerry/api/kinds/model'
import { useWatch, useList } from '../api/hub.ts'
import { slowPollMs } from '../limits.ts'
import { formatBytes, formatCount, plural } from '../logic/format.ts'
import { sitesOfVersions, versionsNewestFirst } from '../logic/model-versions.ts'
import { CopyCommand } from '../parts/copy-command.tsx'
import { DataTable, type TableColumn } from '../parts/data-table.tsx'
import { DigestText } from '../parts/digest-text.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { EmptyNotice } from '../parts/notices.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Panel } from '../parts/panel.tsx'
import { TimeAgo } from '../parts/time-text.tsx'
import { hrefOf } from '../routes.ts'

type Row = { readonly version: ModelVersion; readonly sites: number | undefined }

function columnsOf(namespace: string): readonly TableColumn<Row>[] {
  return [
    {
      key: 'version',
      header: 'Version',
      isName: true,
      cell: ({ version }) => version.spec.version,
    },
    {
      key: 'sites',
      header: 'Runs at',
      isNumber: true,
      cell: ({ version, sites }) =>
        sites === undefined || sites === 0 ? (
          <span className="quiet">{sites === 0 ? 'no site' : '–'}</span>
        ) : (
          <a
            href={hrefOf(
              'sites',
              { namespace },
              { filter: `${version.spec.model} ${version.spec.version}` },
            )}
          >
            {plural(sites, 'site')}
          </a>
        ),
    },
    {
      key: 'size',
      header: 'Size',
      isNumber: true,
      cell: ({ version }) => (
        <span title={`${formatCount(version.spec.sizeBytes)} bytes`}>
          {formatBytes(version.spec.sizeBytes)}
        </span>
      ),
    },
    {
      key: 'digest',
      header: 'Digest',
      cell: ({ version }) => <DigestText digest={version.spec.digest} />,
    },
    {
      key: 'age',
      header: 'Pushed',
      isNumber: true,
      cell: ({ version }) => <TimeAgo time={version.metadata.creationTimestamp} />,
    },
  ]
}

export default function ModelsPage({ namespace }: { namespace: string }) {
  const models = useWatch('models', { namespace })
  const versions = useWatch('modelversions', { namespace })
  const sites = useList('sites', { namespace }, slowPollMs)
  const running = sites.state === 'known' ? sitesOfVersions(sites.value) : undefined
  const columns = columnsOf(namespace)
  const rowsOf = (model: Model, all: readonly ModelVersion[]): Row[] =>
    versionsNewestFirst(all, model.metadata.name).map((version) => ({
      version,
      sites: running && (running.get(version.spec.digest) ?? 0),
    }))
  return (
    <>
      <PageHead title="Models" />
      <Loaded of={models}>
        {(known) =>
          known.length === 0 ? (
            <NoModels />
          ) : (
            known.map((model) => (
              <Panel
                key={model.metadata.name}
                title={model.metadata.name}
                aside={<span className="quiet">{signatureWords(model)}</span>}
              >
                {model.spec.description !== undefined && (
                  <p className="padded">{model.spec.description}</p>
                )}
                <Loaded of={versions} lines={3}>
                  {(all) => (
                    <DataTable
                      caption={`Versions of ${model.metadata.name}`}
                      columns={columns}
                      rows={rowsOf(model, all)}
                      keyOf={({ version }) => version.metadata.name}
                    />
                  )}
                </Loaded>
              </Panel>
            ))
          )
        }
      </Loaded>
    </>
  )
}

/** `FP32[-1, 784] → FP32[-1, 10]`. */
function signatureWords(model: Model): string {
  const { signature } = model.spec
  if (signature === undefined) return ''
  const words = (tensors: typeof signature.inputs) =>
    tensors.map(({ datatype, shape }) => `${datatype}[${shape.join(', ')}]`).join(', ')
  return `${words(signature.inputs)} → ${words(signature.outputs)}`
}

function NoModels() {
  return (
    <EmptyNotice title="No models yet">
      <p>Push a first version; a file that cannot serve is refused at once.</p>
      <CopyCommand command="npx skerry model push examples/digits/digits-v1.onnx --model digits" />
    </EmptyNotice>
  )
}
