import { backoffMs } from '@skerry/base/backoff'
import { equalJson } from '@skerry/base/json'
import { LinkError } from '@skerry/client/device-link'
import type { ReadableBus } from '../bus.ts'
import type { CurrentState, TargetState } from '../buses.ts'
import { firstOf } from '../first-of.ts'
import { reportCoalesceMs, reportRetryFirstMs, reportRetryMaxMs } from '../limits.ts'
import { makeStatusReport } from '../status-report.ts'
import { type MeasureOptions, measure } from '../telemetry/measure.ts'
import { type SendSpoolOptions, sendSpool } from '../telemetry/send-spool.ts'

export type ReportOptions = SendSpoolOptions &
  MeasureOptions & {
    readonly current: ReadableBus<CurrentState>
    readonly target: ReadableBus<TargetState>
    readonly bootId: string
    readonly heartbeatMs: number
  }

/**
 * Tells the hub how the site is: at once when something changes, now and then when nothing does.
 * Measurements have a loop of their own: live status never waits behind them.
 */
export async function report(options: ReportOptions, signal: AbortSignal): Promise<void> {
  await Promise.all([
    reportStatus(options, signal),
    sendSpool(options, signal),
    measure(options, signal),
  ])
}

async function reportStatus(options: ReportOptions, signal: AbortSignal): Promise<void> {
  const { host, connection, current, target, bootId } = options
  const { architecture, memoryBytes } = host.machine
  let sequence = 0
  let failures = 0
  let sent: { readonly link: unknown; readonly report: object; readonly atMs: number } | undefined
  for (;;) {
    const versions = [current.version, connection.version] as const
    const { link } = connection.get()
    const frame = { bootId, architecture, memoryBytes }
    const next = makeStatusReport(frame, target.get(), current.get(), host.clock.now())
    const idleMs = sent === undefined ? 0 : host.clock.monotonicMs() - sent.atMs
    const isNews =
      sent?.link !== link || idleMs >= options.heartbeatMs || !equalJson(sent?.report, next)
    if (link === undefined || !isNews) {
      const waitMs = link === undefined ? undefined : options.heartbeatMs - idleMs
      await untilChanged(options, { versions, waitMs }, signal)
      await host.clock.sleep(reportCoalesceMs, signal)
      continue
    }
    try {
      await link.reportStatus({ ...next, sequence: sequence++ })
      sent = { link, report: next, atMs: host.clock.monotonicMs() }
      failures = 0
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      host.log.warn('The status was not taken', { reason: `${error.reason}: ${error.message}` })
      const backoff = { firstMs: reportRetryFirstMs, maxMs: reportRetryMaxMs }
      await host.clock.sleep(backoffMs(failures++, backoff, host.random), signal)
    }
  }
}

type Waiting = {
  readonly versions: readonly [current: number, connection: number]
  readonly waitMs: number | undefined
}

async function untilChanged(
  { host, current, connection }: ReportOptions,
  { versions, waitMs }: Waiting,
  signal: AbortSignal,
): Promise<void> {
  await firstOf(signal, (either) => [
    current.changed(versions[0], either),
    connection.changed(versions[1], either),
    ...(waitMs === undefined ? [] : [host.clock.sleep(Math.max(1, waitMs), either)]),
  ])
}
