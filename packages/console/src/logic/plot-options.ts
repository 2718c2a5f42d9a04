import type uPlot from 'uplot'
import { formatClock } from './format.ts'
import type { PlotData, PlotLine } from './plot-data.ts'

export type PlotColours = {
  readonly series: readonly string[]
  readonly axis: string
  readonly grid: string
  readonly font: string
}

export type PlotProps = {
  readonly data: PlotData
  readonly format: (value: number | undefined) => string
  /** The highest value that is always in view. */
  readonly top: number
  /** The lowest value in view; absent: follows the data. */
  readonly bottom?: number
  readonly sinceSeconds: number
  readonly timeZone: string
}

const dashes: Record<PlotLine['dash'], number[]> = { solid: [], dashed: [7, 4], dotted: [2, 3] }

type Input = {
  /** Read at each drawing, so that a plot need not be made anew for new data. */
  readonly props: () => PlotProps
  readonly size: { readonly width: number; readonly height: number }
  readonly colours: PlotColours
}

/** How uPlot draws our lines. */
export function plotOptions({ props, size, colours }: Input): uPlot.Options {
  const { data, timeZone } = props()
  const axis = {
    stroke: colours.axis,
    font: colours.font,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1, size: 4 },
  }
  return {
    ...size,
    padding: [8, 8, 0, 0],
    cursor: { sync: { key: 'skerry' }, drag: { x: false, y: false }, points: { size: 7 } },
    legend: {
      live: true,
      markers: { width: 2, dash: (_, index) => data.lines[index - 1]?.dash ?? 'solid' },
    },
    tzDate: (seconds) => zonedDate(seconds * 1000, timeZone),
    scales: {
      x: { range: () => [nowSeconds() - props().sinceSeconds, nowSeconds()] },
      y: { range: (_, low, high) => valueRange(props(), low, high) },
    },
    axes: [
      {
        ...axis,
        size: 30,
        space: 64,
        values: (_, splits) => splits.map((split) => clockOf(split, timeZone)),
      },
      {
        ...axis,
        size: 58,
        space: 28,
        values: (_, splits) => splits.map((split) => trimZeros(props().format(split))),
      },
    ],
    series: [
      {
        label: 'Time',
        value: (_, seconds) => (seconds === null ? '–' : clockOf(seconds, timeZone)),
      },
      ...data.lines.map((line): uPlot.Series => ({
        label: line.label,
        stroke: colours.series[line.colour % colours.series.length] ?? colours.axis,
        width: line.dash === 'solid' ? 2 : 1.25,
        dash: dashes[line.dash],
        value: (plot, value, line, index) =>
          props().format((index === null ? plot.data[line]?.at(-1) : value) ?? undefined),
      })),
    ],
  }
}

/** Always shows down to the floor and up to the top of the measure; more if the data needs it. */
export function valueRange(
  { top, bottom }: { readonly top: number; readonly bottom?: number },
  low: number | null,
  high: number | null,
): [number, number] {
  const max = Math.max(top, high ?? top)
  const min = bottom ?? Math.max(0, Math.min((low ?? top) - (max - (low ?? top)) * 0.5, top * 0.9))
  return max > top ? [min, max + (max - min) * 0.08] : [min, max]
}

/** `10.0 ms` is `10 ms` on an axis. */
export function trimZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '')
}

function nowSeconds(): number {
  return Date.now() / 1000
}

function clockOf(seconds: number, timeZone: string): string {
  return formatClock(seconds * 1000, Date.now(), timeZone)
}

/** A Date whose local fields are those of the zone: uPlot puts its ticks on them. */
function zonedDate(epochMs: number, timeZone: string): Date {
  return new Date(new Date(epochMs).toLocaleString('en-US', { timeZone }))
}
