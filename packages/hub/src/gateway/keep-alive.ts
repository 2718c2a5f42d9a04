import type { Clock } from '@skerry/base/clock'
import type { Connection } from './connection.ts'
import { pingAnswerMsMax } from './limits.ts'

/**
 * Watches over an admitted connection: tries it when nothing came for a while, gives it up when it does
 * not answer, and ends it when its certificate has expired, so that the device comes back to renew.
 */
export async function keepAlive(
  connection: Connection,
  clock: Clock,
  keepAliveMs: number,
): Promise<void> {
  const { session, ended } = connection
  const receivedBytes = () => session.socket?.bytesRead ?? 0
  try {
    while (!ended.aborted) {
      const before = receivedBytes()
      const untilExpiryMs = Math.max(0, connection.notAfterMs - clock.now())
      await clock.sleep(Math.min(keepAliveMs, untilExpiryMs + 1), ended)
      if (clock.now() >= connection.notAfterMs) return session.destroy()
      if (receivedBytes() !== before) continue
      session.ping(() => {})
      await clock.sleep(Math.min(keepAliveMs, pingAnswerMsMax), ended)
      if (receivedBytes() === before) return session.destroy()
    }
  } catch {
    // The connection ended first.
  }
}
