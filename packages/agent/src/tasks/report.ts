import { backoffMs } from '@skerry/base/backoff'
import { equalJson } from '@skerry/base/json'
import { LinkError } from '@skerry/client/device-link'
import type { Bus, ReadableBus } from '../bus.ts'
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
    /**
     * Outlives the task: started again in the same run of the agent, it must go on counting, as the
     * hub takes no report that is older than one that it has.
     */
    readonly reports: { sent: number }
    /** Rings with the version of `current` that the hub took. */
    readonly told: Bus<number>
  }

/**
 * Tells the hub how the site is: at once when something changes, now and then when nothing does.
 * Measurements have a loop of their own: live status never waits behind them.
 */
export async function report(options: ReportOptions, signal: AbortSignal): Promise<void> {
  // None of them ends by itself: one that breaks ends the others, which are started again with it.
  await firstOf(signal, (either) => [
    reportStatus(options, either),
    sendSpool(options, either),
    measure(options, either),
  ])
}

async function reportStatus(options: ReportOptions, signal: AbortSignal): Promise<void> {
  const { host, connection, current, target, bootId, reports, told } = options
  const { architecture, memoryBytes } = host.machine
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
      if (link !== undefined && told.get() !== versions[0]) told.set(versions[0])
      const waitMs = link === undefined ? undefined : options.heartbeatMs - idleMs
      await untilChanged(options, { versions, waitMs }, signal)
      await host.clock.sleep(reportCoalesceMs, signal)
      continue
    }
    try {
      await link.reportStatus({ ...next, sequence: reports.sent++ })
      sent = { link, report: next, atMs: host.clock.monotonicMs() }
      told.set(versions[0])
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
