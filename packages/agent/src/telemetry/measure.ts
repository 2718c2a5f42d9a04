import { type TelemetryRecord, telemetryRecordSchema } from '@skerry/api/device-protocol'
import { validateSchema } from '@skerry/api/schema-validate'
import { toTimestamp } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { ReadableBus } from '../bus.ts'
import type { TargetState } from '../buses.ts'
import { firstOf } from '../first-of.ts'
import type { Host } from '../host.ts'
import { pendingRecordsMax } from '../limits.ts'
import type { MeasuredWindow } from '../runtimes/model-process.ts'
import type { NewRecord, Spool } from './spool.ts'

/** Takes windows as processes hand them over and spools them in batches. */
export type Recorder = {
  record(measured: MeasuredWindow): void
  /** Resolves when everything that was recorded is on the disk. */
  flush(): Promise<void>
}

export function createRecorder(spool: Spool, log: Log, onSpooled: () => void): Recorder {
  let pending: NewRecord[] = []
  let writing: Promise<void> | undefined
  const write = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending
      pending = []
      await spool.append(batch)
      onSpooled()
    }
    writing = undefined
  }
  return {
    record(measured) {
      const made = toRecord(measured, log)
      if (made === undefined || pending.length >= pendingRecordsMax) return
      pending.push(made)
      // What arrives in the same turn shares one sync.
      writing ??= Promise.resolve().then(write)
    },
    async flush() {
      await writing
    },
  }
}

/** An interval in which nothing was asked makes no record: idle costs nothing. */
function toRecord(measured: MeasuredWindow, log: Log): NewRecord | undefined {
  const { content, window, startMs, endMs } = measured
  const { requests, errors, judged, correct, latencyMs, confidence, classes } = window
  if (requests === 0 && judged === 0) return undefined
  const record: TelemetryRecord = {
    sequence: 0,
    startTime: toTimestamp(startMs),
    endTime: toTimestamp(endMs),
    layer: content.name,
    model: content.model?.name ?? content.name,
    version: content.model?.version ?? '',
    digest: content.digest,
    requests,
    errors,
    judged,
    correct,
    latencyMs,
    confidence,
    classes,
  }
  // What the hub would refuse must not lie at the front of the spool for ever.
  const problem = validateSchema(telemetryRecordSchema, record, '')[0]
  if (problem === undefined) {
    const { sequence: _, ...unnumbered } = record
    return unnumbered
  }
  const { path, message } = problem
  log.error('A measurement is malformed and left out', { layer: content.name, path, message })
  return undefined
}

export type MeasureOptions = {
  readonly host: Host
  readonly target: ReadableBus<TargetState>
  readonly models: { collect(): void }
}

const intervalSecondsDefault = 60

/** Asks the models for their measurements at the interval of the site spec. */
export async function measure(options: MeasureOptions, signal: AbortSignal): Promise<void> {
  const { host, target, models } = options
  for (;;) {
    const version = target.version
    const seconds = target.get().spec?.telemetryIntervalSeconds ?? intervalSecondsDefault
    await firstOf(signal, (either) => [
      host.clock.sleep(Math.max(1, seconds) * 1000, either).then(() => models.collect()),
      target.changed(version, either),
    ])
  }
}
