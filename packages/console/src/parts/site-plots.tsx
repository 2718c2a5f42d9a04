import type { SiteMetrics } from '@skerry/api/metrics'
import { useMemo, useState } from 'react'
import { useMetrics } from '../api/hub.ts'
import { siteMetricsPollMs } from '../limits.ts'
import { formatMilliseconds, formatRate, formatShare } from '../logic/format.ts'
import { type PlotRange, plotData, plotRanges, plots } from '../logic/plot-data.ts'
import { Choice } from './choice.tsx'
import { Loaded } from './loaded.tsx'
import { Panel } from './panel.tsx'
import { Plot } from './plot.tsx'

const ranges = {
  '15min': plotRanges['15min'].words,
  '1h': plotRanges['1h'].words,
  '6h': plotRanges['6h'].words,
}

const formatErrors = (share: number | undefined) => formatShare(share, 2)

type Zone = 'yours' | 'site'
type Props = { readonly namespace: string; readonly name: string; readonly siteZone: string }

/** What the site measured, one line per version of a model. */
export function SitePlots({ namespace, name, siteZone }: Props) {
  const [range, setRange] = useState<PlotRange>('15min')
  const [zone, setZone] = useState<Zone>('yours')
  const { sinceSeconds, stepSeconds } = plotRanges[range]
  const metrics = useMetrics(namespace, name, {
    sinceSeconds,
    stepSeconds,
    everyMs: siteMetricsPollMs,
  })
  // While another range is being fetched, the last one stays in view.
  const [shown, setShown] = useState(metrics)
  if (metrics.state !== 'loading' && metrics !== shown) setShown(metrics)
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const timeZone = zone === 'site' ? siteZone : ownZone
  const controls = (
    <div className="controls">
      {siteZone !== ownZone && (
        <Choice
          label="Time zone of the plots"
          options={{ yours: 'Your time', site: "Site's time" }}
          value={zone}
          onChange={setZone}
        />
      )}
      <Choice label="Time range" options={ranges} value={range} onChange={setRange} />
    </div>
  )
  return (
    <Panel title="Measurements" aside={controls}>
      <Loaded of={shown} lines={8}>
        {(value) =>
          value.series.length === 0 ? (
            <p className="plot-empty">Nothing was measured in this time.</p>
          ) : (
            <PlotGrid metrics={value} sinceSeconds={sinceSeconds} timeZone={timeZone} />
          )
        }
      </Loaded>
      <p className="quiet padded small-text">
        Times in {timeZone}
        {siteZone === ownZone ? ', which is also the zone of the site' : ''}. One colour for each
        version.
      </p>
    </Panel>
  )
}

type GridProps = {
  readonly metrics: SiteMetrics
  readonly sinceSeconds: number
  readonly timeZone: string
}

function PlotGrid({ metrics, sinceSeconds, timeZone }: GridProps) {
  const data = useMemo(
    () => ({
      rate: plotData(metrics, plots.rate),
      latency: plotData(metrics, plots.latency),
      accuracy: plotData(metrics, plots.accuracy),
      errors: plotData(metrics, plots.errors),
    }),
    [metrics],
  )
  const shared = { sinceSeconds, timeZone }
  return (
    <div className="plot-grid">
      <Plot
        {...shared}
        title="Requests per second"
        data={data.rate}
        format={formatRate}
        top={1}
        bottom={0}
      />
      <Plot
        {...shared}
        title="Latency"
        data={data.latency}
        format={formatMilliseconds}
        top={10}
        bottom={0}
      />
      <Plot {...shared} title="Accuracy" data={data.accuracy} format={formatShare} top={1} />
      <Plot
        {...shared}
        title="Errors"
        data={data.errors}
        format={formatErrors}
        top={0.01}
        bottom={0}
      />
    </div>
  )
}
