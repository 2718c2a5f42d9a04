import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import {
  diskAnswerMs,
  diskCheckMs,
  initAnswerMs,
  seekStuckMs,
  watchdogFirstMs,
  watchdogOpenRetryMs,
  watchdogRoundMs,
} from './limits.ts'
import type { Pulse } from './pulse.ts'
import { within } from './within.ts'

/** The hardware watchdog, held open. It is never closed with its magic character: it ticks on for ever. */
export type WatchdogDevice = { feed(): Promise<void> }

export type WatchdogOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly pulse: Pulse
  /** Rejects when there is none, or when another program holds it. */
  readonly open: () => Promise<WatchdogDevice>
  readonly probes: LivenessProbes
}

/** Each says what is wrong, as a sentence, or nothing; and each may hang, which says most. */
export type LivenessProbes = {
  disk(): Promise<string | undefined>
  /** PID 1. */
  init(): Promise<string | undefined>
}

export type Liveness = {
  readonly isLeaving: boolean
  readonly loopAgesMs: Readonly<Record<string, number>>
  readonly disk?: string | undefined
  readonly init?: string | undefined
}

/** Why the machine is better reset than left as it is, if it is. That this runs at all says that Node.js turns. */
export function refusalToFeed(facts: Liveness): string | undefined {
  if (facts.isLeaving) return 'the machine restarts: a hang on the way down must end in a reset'
  const stuck = Object.entries(facts.loopAgesMs).find(([, ageMs]) => ageMs > seekStuckMs)
  if (stuck !== undefined)
    return `loop ${stuck[0]} of the agent has not come round for ${Math.round(stuck[1] / 1000)} s`
  return facts.disk ?? facts.init
}

/**
 * Feeds the watchdog that the initrd armed, only while the machine is truly alive. When it ends, as the
 * agent is stopped, the device ticks on: whoever starts next has the whole of its time.
 */
export async function keepWatchdog(options: WatchdogOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, pulse } = options
  const measure = createMeasure(options)
  let told: string | undefined
  const tell = (message: string | undefined): void => {
    if (message !== told && message !== undefined)
      log.error('The watchdog is not fed', { reason: message })
    else if (message !== told) log.info('The watchdog is fed again')
    told = message
  }
  let device: WatchdogDevice | undefined
  await clock.sleep(watchdogFirstMs, signal).catch(() => {})
  while (!signal.aborted) {
    try {
      const { disk, init } = await measure()
      const refusal = refusalToFeed({
        isLeaving: pulse.isLeaving(),
        loopAgesMs: pulse.agesMs(),
        disk,
        init,
      })
      // Told before the device is looked for: a machine without a watchdog must not keep such an image either.
      pulse.setRefusal(refusal)
      device ??= await options.open()
      if (refusal === undefined) await device.feed()
      tell(refusal)
    } catch (error) {
      tell(`there is no watchdog to feed: ${toError(error).message}`)
      device = undefined
    }
    const pauseMs = device === undefined ? watchdogOpenRetryMs : watchdogRoundMs
    await clock.sleep(pauseMs, signal).catch(() => {})
  }
  if (told === undefined && !pulse.isLeaving()) await device?.feed().catch(() => {})
}

/** A probe that hangs is not begun a second time: threads that wait for a dead disk are few. */
function createMeasure({ clock, probes }: WatchdogOptions) {
  const disk = createSlowProbe(clock, 'the disk', () => probes.disk())
  const init = createSlowProbe(clock, 'PID 1', () => probes.init())
  return async () => {
    const [onDisk, ofInit] = await Promise.all([
      disk({ everyMs: diskCheckMs, limitMs: diskAnswerMs }),
      init({ everyMs: 0, limitMs: initAnswerMs }),
    ])
    return { disk: onDisk, init: ofInit }
  }
}

type Pace = { readonly everyMs: number; readonly limitMs: number }

function createSlowProbe(
  clock: Clock,
  what: string,
  probe: () => Promise<string | undefined>,
): (pace: Pace) => Promise<string | undefined> {
  let begunMs = -Infinity
  let underWay: Promise<string | undefined> | undefined
  let last: string | undefined
  return async ({ everyMs, limitMs }) => {
    if (underWay === undefined) {
      if (clock.monotonicMs() - begunMs < everyMs && last === undefined) return undefined
      begunMs = clock.monotonicMs()
      const begun = probe().catch((error: unknown) => `${what}: ${toError(error).message}`)
      underWay = begun
      void begun.then((answer) => {
        last = answer
        underWay = undefined
      })
    }
    const leftMs = Math.max(0, begunMs + limitMs - clock.monotonicMs())
    const answer = await within(clock, leftMs, underWay)
    return answer === undefined
      ? `${what} has not answered for ${Math.round((clock.monotonicMs() - begunMs) / 1000)} s`
      : answer.value
  }
}
