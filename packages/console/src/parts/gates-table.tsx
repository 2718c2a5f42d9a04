import type { GateResult, Rollout } from '@skerry/api/kinds/rollout'
import { formatCount } from '../logic/format.ts'
import { verdictLooks } from '../logic/looks.ts'
import { formatLimit, formatMeasured, gateLimit, metricLabel } from '../logic/rollout-story.ts'
import { DataTable, type TableColumn } from './data-table.tsx'
import { StatusMark } from './status-mark.tsx'

const columns: readonly TableColumn<GateResult>[] = [
  {
    key: 'gate',
    header: 'Gate',
    isName: true,
    cell: (gate) => (
      <>
        {metricLabel(gate.metric)}
        <span className="sub">
          {gate.wave} · {gate.model}
        </span>
      </>
    ),
  },
  {
    key: 'verdict',
    header: 'Verdict',
    cell: (gate) => <StatusMark look={verdictLooks[gate.verdict]} />,
  },
  {
    key: 'observed',
    header: 'Observed',
    isNumber: true,
    cell: (gate) => <strong>{formatMeasured(gate.metric, gate.observed)}</strong>,
  },
  {
    key: 'baseline',
    header: 'Baseline',
    isNumber: true,
    cell: (gate) => formatMeasured(gate.metric, gate.baseline),
  },
  {
    key: 'limit',
    header: 'Limit',
    isNumber: true,
    cell: (gate) => formatLimit(gate.metric, gate.limit),
  },
  {
    key: 'samples',
    header: 'Samples',
    isNumber: true,
    cell: (gate) => (
      <span title={`${formatCount(gate.baselineSamples)} behind the baseline`}>
        {formatCount(gate.samples)}
      </span>
    ),
  },
  { key: 'message', header: 'In words', isWide: true, cell: (gate) => gate.message },
]

const keyOf = (gate: GateResult) => `${gate.wave}/${gate.metric}/${gate.model}`

/** What each wave had to meet, and what it did. Before there are numbers: the rules. */
export function GatesTable({ rollout }: { rollout: Rollout }) {
  const results = rollout.status?.gates ?? []
  if (results.length > 0)
    return <DataTable caption="Gates" columns={columns} rows={results} keyOf={keyOf} />
  const gates = rollout.spec.policy.gates ?? []
  if (gates.length === 0) return <p className="quiet padded">This rollout has no gates.</p>
  return (
    <div className="padded">
      <p className="quiet">No numbers yet. Before the next one starts, each wave must show:</p>
      <ul className="rules">
        {gates.map((gate) => (
          <li key={gate.metric}>
            {metricLabel(gate.metric)} {formatLimit(gate.metric, gateLimit(gate))}
            {gate.metric !== 'LatencyP99' && ' than the running version'}, over at least{' '}
            {formatCount(gate.minSamples)}{' '}
            {gate.metric === 'Accuracy' ? 'judged answers' : 'requests'}
          </li>
        ))}
      </ul>
    </div>
  )
}
