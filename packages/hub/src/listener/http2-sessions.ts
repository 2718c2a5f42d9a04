import { once } from 'node:events'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Clock } from '@skerry/base/clock'
import { apiKeepAliveMs, apiSilentMs } from '../limits.ts'

type Seen = { streams: number; hasAsked: boolean; idleSinceMs: number }

/** The connections of HTTP/2, of which those that nobody uses are closed, with a word before. */
export type Http2Sessions = {
  add(session: ServerHttp2Session): void
  look(): void
  /** Tells all of them to go elsewhere; what they have begun may end. */
  sayGoodbye(): void
  /** Resolves when all that were told have gone, or after `withinMs`. */
  left(withinMs: number): Promise<void>
}

export function createHttp2Sessions(clock: Clock): Http2Sessions {
  const sessions = new Map<ServerHttp2Session, Seen>()
  let isLeaving = false
  return {
    add: (session) => {
      const seen: Seen = { streams: 0, hasAsked: false, idleSinceMs: clock.monotonicMs() }
      sessions.set(session, seen)
      session.once('close', () => sessions.delete(session))
      session.on('error', () => {})
      session.on('stream', (stream: ServerHttp2Stream) => {
        seen.streams += 1
        seen.hasAsked = true
        stream.once('close', () => {
          seen.streams -= 1
          seen.idleSinceMs = clock.monotonicMs()
        })
      })
      if (isLeaving) session.close()
    },
    look: () => {
      const nowMs = clock.monotonicMs()
      for (const [session, { streams, hasAsked, idleSinceMs }] of sessions) {
        const isIdle = nowMs - idleSinceMs > (hasAsked ? apiKeepAliveMs : apiSilentMs)
        if (streams > 0 || !isIdle) continue
        // Headers that never end keep a connection that was told to close.
        if (session.closed) session.destroy()
        else session.close()
      }
    },
    sayGoodbye: () => {
      isLeaving = true
      for (const session of sessions.keys()) session.close()
    },
    left: async (withinMs) => {
      const late = new AbortController()
      const going = [...sessions.keys()].map((session) => once(session, 'close'))
      await Promise.race([
        Promise.allSettled(going),
        clock.sleep(withinMs, late.signal).catch(() => {}),
      ])
      late.abort()
    },
  }
}
