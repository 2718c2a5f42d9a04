import { useEffect, useId, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { type PlotData, newestValues } from '../logic/plot-data.ts'
import { type PlotProps, plotOptions } from '../logic/plot-options.ts'
import { useIsDark } from '../theme.ts'

type Props = PlotProps & { readonly title: string }

const heightPx = 170

/** A plot of a few lines over time. Those who do not see it get the newest values in words. */
export function Plot(props: Props) {
  const { title, data, format, timeZone } = props
  const frame = useRef<HTMLDivElement>(null)
  const drawn = useRef<uPlot>(null)
  const current = useRef(props)
  const isDark = useIsDark()
  const titleId = useId()
  const shape = data.lines.map(({ label, colour }) => `${label}/${colour}`).join('|')
  current.current = props

  useEffect(() => {
    const element = frame.current
    if (element === null || shape === '') return
    const plot = new uPlot(
      plotOptions({
        props: () => current.current,
        size: { width: element.clientWidth, height: heightPx },
        colours: coloursOf(element),
      }),
      alignedOf(current.current.data),
      element,
    )
    drawn.current = plot
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: heightPx }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
      drawn.current = null
    }
  }, [shape, isDark, timeZone])

  useEffect(() => {
    drawn.current?.setData(alignedOf(data))
  }, [data])

  return (
    <figure className="plot" aria-labelledby={titleId}>
      <figcaption id={titleId}>
        {title}
        <span className="visually-hidden">. {newestValues(data, format)}</span>
      </figcaption>
      {shape === '' ? (
        <p className="plot-empty">Nothing was measured in this time.</p>
      ) : (
        <div ref={frame} className="plot-frame" aria-hidden="true" />
      )}
    </figure>
  )
}

function alignedOf(data: PlotData): uPlot.AlignedData {
  return [[...data.seconds], ...data.lines.map(({ values }) => [...values])]
}

/** The canvas cannot read custom properties, so they are read for it. */
function coloursOf(element: Element) {
  const style = getComputedStyle(element)
  const read = (name: string) => style.getPropertyValue(name).trim()
  return {
    series: [1, 2, 3, 4, 5].map((index) => read(`--series-${index}`)),
    axis: read('--text-quiet'),
    grid: read('--line'),
    font: `11px ${style.fontFamily}`,
  }
}
