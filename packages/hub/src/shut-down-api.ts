import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { ApiListener } from './api-listener.ts'

/** Whether the hub is on its way down. */
export type Shutdown = {
  /** For `/readyz`: rejects once the hub stops. */
  readyCheck(): Promise<void>
  /**
   * First `/readyz` fails, and for a while nothing else changes: whoever balances load notices. Then
   * clients are told to go elsewhere, and nobody is let in any more.
   */
  run(listener: Pick<ApiListener, 'drain'>): Promise<void>
}

export type ShutdownOptions = {
  readonly delayMs: number
  readonly clock: Clock
  readonly log: Log
}

export function createShutdown({ delayMs, clock, log }: ShutdownOptions): Shutdown {
  let isStopping = false
  return {
    readyCheck: async () => {
      if (isStopping) throw new Error('the hub is shutting down')
    },
    run: async (listener) => {
      isStopping = true
      log.info('The API lets nobody in any more.', { afterMs: delayMs })
      if (delayMs > 0) await clock.sleep(delayMs)
      await listener.drain()
    },
  }
}
