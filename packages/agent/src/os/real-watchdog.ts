import { open } from 'node:fs/promises'
import type { WatchdogDevice } from './watchdog.ts'

export const watchdogDevice = '/dev/watchdog'

/**
 * Held open until the process ends. Closing it without the magic character leaves it ticking, which is
 * what is wanted: an agent that died must be followed by one that lives, or by a reset.
 */
export async function openWatchdog(path = watchdogDevice): Promise<WatchdogDevice> {
  const handle = await open(path, 'w')
  return {
    async feed() {
      await handle.write(Buffer.from([0]))
    },
  }
}
