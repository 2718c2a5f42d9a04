import type { Device } from '@skerry/api/kinds/device'
import type { OsOutcome, OsReport } from '@skerry/api/os/os-report'
import { useWatch } from '../api/hub.ts'
import { osPhaseLooks, osResultLooks, slotLooks } from '../logic/looks.ts'
import { DataTable, type TableColumn } from './data-table.tsx'
import { DigestText } from './digest-text.tsx'
import { Facts } from './facts.tsx'
import { Panel } from './panel.tsx'
import { StatusMark } from './status-mark.tsx'
import { TimeAgo } from './time-text.tsx'

type Slot = OsReport['slots'][number]

const slotColumns: readonly TableColumn<Slot>[] = [
  { key: 'name', header: 'Slot', isName: true, cell: (slot) => slot.name },
  { key: 'state', header: 'State', cell: (slot) => <StatusMark look={slotLooks[slot.state]} /> },
  { key: 'version', header: 'Version', cell: (slot) => slot.version ?? '–' },
  { key: 'image', header: 'Image', cell: (slot) => <DigestText digest={slot.imageId} /> },
]

const outcomeColumns: readonly TableColumn<OsOutcome>[] = [
  { key: 'version', header: 'Version', isName: true, cell: (outcome) => outcome.version },
  {
    key: 'result',
    header: 'Outcome',
    cell: (outcome) => <StatusMark look={osResultLooks[outcome.result]} />,
  },
  { key: 'time', header: 'When', cell: (outcome) => <TimeAgo time={outcome.time} /> },
  { key: 'message', header: 'What happened', isWide: true, cell: (outcome) => outcome.message },
]

/** The machines of a site whose operating system is an image: what they start, and what became of changes. */
export function SiteMachines({ namespace, site }: { namespace: string; site: string }) {
  const devices = useWatch('devices', { namespace, fieldSelector: `spec.site=${site}` })
  if (devices.state !== 'known') return null
  return devices.value.flatMap((device) =>
    device.status?.os === undefined
      ? []
      : [<Machine key={device.metadata.name} device={device} os={device.status.os} />],
  )
}

function Machine({ device, os }: { device: Device; os: OsReport }) {
  return (
    <Panel title={`Machine ${device.metadata.name}`}>
      <Facts
        facts={[
          ['Operating system', `${os.version}${os.isBlessed ? '' : ', on trial'}`],
          ['Doing', <StatusMark look={osPhaseLooks[os.phase]} />],
          ['Waits for', os.message],
          ['Fetched', os.progressPercent === undefined ? undefined : `${os.progressPercent} %`],
          ['Booted', <TimeAgo time={os.bootTime} />],
          ['Slot', os.slot],
          ['Kernel', os.kernelVersion],
          ['Secure Boot', secureBootWords(os.secureBoot)],
          ['Data partition', os.data],
          ['Boot loader', os.loader],
        ]}
      />
      <DataTable
        caption="Slots"
        columns={slotColumns}
        rows={os.slots}
        keyOf={(slot) => slot.name}
      />
      {os.outcomes.length > 0 && (
        <DataTable
          caption="What became of changes"
          columns={outcomeColumns}
          rows={os.outcomes}
          keyOf={(outcome) => `${outcome.time}/${outcome.imageId}/${outcome.result}`}
        />
      )}
    </Panel>
  )
}

function secureBootWords(isOn: boolean | undefined): string | undefined {
  return isOn === undefined ? undefined : isOn ? 'on' : 'off'
}
