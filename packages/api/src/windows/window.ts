import { type Cron, matchesDay, parseCron } from './cron.ts'
import { daysKeptMax, joinedOpeningsMax, searchDaysMax } from './limits.ts'
import { instantsOf, offsetMs, wallMs } from './zone-time.ts'

/** Opens whenever its cron says so, in the time of the place, and stays open for so long. */
export type Window = { readonly cron: string; readonly durationMinutes: number }

export type Opening = { readonly fromMs: number; readonly toMs: number }

const dayMs = 86_400_000
const minuteMs = 60_000

/**
 * When a window is open, in the time of a place. The duration is time that passes, not what the clock
 * shows. On the nights when clocks are put: an opening in the hour that does not exist is at the moment
 * at which the clocks are put forward; an opening in the hour that comes twice is at its first coming,
 * unless the hour is `*`, which means every hour that there is.
 */
export class WindowTimes {
  readonly #cron: Cron
  readonly #durationMs: number
  readonly #zone: string
  readonly #days = new Map<number, readonly number[]>()

  constructor(window: Window, zone: string) {
    const parsed = parseCron(window.cron)
    if (!parsed.ok) throw new Error(`Broken assumption: cron ${window.cron} ${parsed.message}`)
    this.#cron = parsed.cron
    this.#durationMs = window.durationMinutes * minuteMs
    this.#zone = zone
  }

  /** The opening that covers an instant, joined with those that overlap it; undefined while closed. */
  openAt(nowMs: number): Opening | undefined {
    const last = this.#lastOpening(nowMs)
    if (last === undefined || last + this.#durationMs <= nowMs) return undefined
    let toMs = last + this.#durationMs
    for (let joined = 0; joined < joinedOpeningsMax; joined += 1) {
      const next = this.#nextWithin(toMs - this.#durationMs, toMs)
      if (next === undefined) break
      toMs = next + this.#durationMs
    }
    return { fromMs: last, toMs }
  }

  /** The first moment after an instant at which it opens; undefined: it never does. */
  nextOpening(nowMs: number): number | undefined {
    const today = this.#dayOf(nowMs)
    for (let ahead = -1; ahead <= searchDaysMax; ahead += 1)
      for (const atMs of this.#openings(today + ahead)) if (atMs > nowMs) return atMs
    return undefined
  }

  #dayOf(atMs: number): number {
    return Math.floor(wallMs(this.#zone, atMs) / dayMs)
  }

  #lastOpening(nowMs: number): number | undefined {
    const today = this.#dayOf(nowMs)
    const daysBack = Math.ceil(this.#durationMs / dayMs) + 1
    for (let back = -1; back <= daysBack; back += 1) {
      const atMs = this.#openings(today - back).findLast((each) => each <= nowMs)
      if (atMs !== undefined) return atMs
    }
    return undefined
  }

  /** The last opening after one instant and not after another. */
  #nextWithin(afterMs: number, untilMs: number): number | undefined {
    const atMs = this.#lastOpening(untilMs)
    return atMs !== undefined && atMs > afterMs ? atMs : undefined
  }

  /** Its openings on one day of the place, in order. */
  #openings(day: number): readonly number[] {
    const known = this.#days.get(day)
    if (known !== undefined) return known
    const openings = openingsOfDay(this.#cron, this.#zone, day)
    if (this.#days.size >= daysKeptMax) this.#days.clear()
    this.#days.set(day, openings)
    return openings
  }
}

function openingsOfDay(cron: Cron, zone: string, day: number): readonly number[] {
  const midnight = day * dayMs
  const date = new Date(midnight)
  const isDay = matchesDay(cron, {
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
  })
  if (!isDay) return []
  const walls = cron.hours.flatMap((hour) =>
    cron.minutes.map((minute) => midnight + (hour * 60 + minute) * minuteMs),
  )
  // On all but two days of the year one question answers for the whole day.
  const offset = offsetMs(zone, midnight - dayMs)
  if (offset === offsetMs(zone, midnight + 2 * dayMs)) return walls.map((wall) => wall - offset)
  const found = walls.flatMap((wall) => {
    const { atMs, gapEndMs } = instantsOf(zone, wall)
    if (gapEndMs !== undefined) return [gapEndMs]
    return cron.isEveryHour ? atMs : atMs.slice(0, 1)
  })
  return [...new Set(found)].toSorted((left, right) => left - right)
}
