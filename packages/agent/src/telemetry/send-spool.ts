import { backoffMs } from '@skerry/base/backoff'
import { LinkError } from '@skerry/client/device-link'
import type { ReadableBus } from '../bus.ts'
import type { ConnectionState } from '../buses.ts'
import type { Host } from '../host.ts'
import { refusedBatchTriesMax, reportRetryFirstMs, reportRetryMaxMs } from '../limits.ts'
import type { Spool } from './spool.ts'

export type SendSpoolOptions = {
  readonly host: Host
  readonly connection: ReadableBus<ConnectionState>
  readonly spool: Spool
  /** Something was spooled. */
  readonly spooled: ReadableBus<undefined>
}

/** Sends what is spooled, oldest first, one batch at a time, whenever there is a link. */
export async function sendSpool(options: SendSpoolOptions, signal: AbortSignal): Promise<void> {
  const { host, connection, spool, spooled } = options
  for (let failures = 0; ;) {
    const spooledVersion = spooled.version
    const connectionVersion = connection.version
    const { link } = connection.get()
    const batch = link === undefined ? undefined : await spool.oldest()
    if (link === undefined) {
      await connection.changed(connectionVersion, signal)
      continue
    }
    if (batch === undefined) {
      await spooled.changed(spooledVersion, signal)
      continue
    }
    try {
      const { acknowledged } = await link.sendTelemetry(batch)
      failures = (await spool.acknowledge(batch, acknowledged)) === 0 ? failures + 1 : 0
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      failures += 1
      host.log.warn('Measurements wait', { reason: `${error.reason}: ${error.message}` })
      // What the hub will never take must not block what comes after it.
      if (error.reason === 'Refused' && failures >= refusedBatchTriesMax) {
        host.log.error('Measurements that the hub refuses are dropped', {
          records: batch.records.length,
        })
        await spool.acknowledge(batch, batch.records.at(-1)?.sequence ?? 0)
        failures = 0
      }
    }
    if (failures > 0) {
      const backoff = { firstMs: reportRetryFirstMs, maxMs: reportRetryMaxMs }
      await host.clock.sleep(backoffMs(failures - 1, backoff, host.random), signal)
    }
  }
}
