import { blackoutSkipsMax, searchDaysMax } from './limits.ts'
import { type Opening, type Window, WindowTimes } from './window.ts'
import { instantsOf, isTimeZone, wallMs } from './zone-time.ts'

/** Days on which nothing changes, both of them included: `2026-12-20`, or every year `12-20`. */
export type Blackout = { readonly name: string; readonly from: string; readonly to: string }

/** Without windows it is always open, but for the blackouts. */
export type Calendar = {
  readonly windows: readonly Window[]
  readonly blackouts: readonly Blackout[]
}

export type CalendarState =
  /** `closesMs` is absent when nothing closes it within sight. */
  | { readonly isOpen: true; readonly closesMs?: number }
  /** `opensMs` is absent when it never opens. */
  | { readonly isOpen: false; readonly opensMs?: number; readonly blackout?: string }

const dayMs = 86_400_000

/** A calendar as one zone has it: pure, but for what it remembers of days that it has worked out. */
export class ZoneCalendar {
  readonly #windows: readonly WindowTimes[]
  readonly #blackouts: readonly Blackout[]
  readonly #zone: string

  constructor({ windows, blackouts }: Calendar, zone: string) {
    this.#windows = windows.map((window) => new WindowTimes(window, zone))
    this.#blackouts = blackouts
    this.#zone = zone
  }

  at(nowMs: number): CalendarState {
    const blackout = this.#blackoutAt(nowMs)
    if (blackout !== undefined) return this.#closed(nowMs, blackout.name)
    const open = this.#openAt(nowMs)
    if (open === undefined) return this.#closed(nowMs)
    const { toMs } = open
    const darkMs = this.#nextBlackout(nowMs)
    const closesMs = Math.min(toMs, darkMs ?? Infinity)
    return closesMs === Infinity ? { isOpen: true } : { isOpen: true, closesMs }
  }

  #closed(nowMs: number, blackout?: string): CalendarState {
    const opensMs = this.#nextOpen(nowMs)
    return {
      isOpen: false,
      ...(opensMs === undefined ? {} : { opensMs }),
      ...(blackout === undefined ? {} : { blackout }),
    }
  }

  #openAt(nowMs: number): Opening | undefined {
    if (this.#windows.length === 0) return { fromMs: -Infinity, toMs: Infinity }
    const open = this.#windows.flatMap((window) => window.openAt(nowMs) ?? [])
    if (open.length === 0) return undefined
    return {
      fromMs: Math.min(...open.map(({ fromMs }) => fromMs)),
      toMs: Math.max(...open.map(({ toMs }) => toMs)),
    }
  }

  /** The first moment from now on at which a window is open and no blackout is. */
  #nextOpen(nowMs: number): number | undefined {
    let atMs = nowMs
    for (let skip = 0; skip < blackoutSkipsMax; skip += 1) {
      const blackout = this.#blackoutAt(atMs)
      if (blackout === undefined && this.#openAt(atMs) !== undefined) return atMs
      const nextMs = blackout === undefined ? this.#nextOpening(atMs) : this.#endOf(blackout, atMs)
      if (nextMs === undefined || nextMs - nowMs > searchDaysMax * dayMs) return undefined
      atMs = nextMs
    }
    return undefined
  }

  #nextOpening(atMs: number): number | undefined {
    const next = this.#windows.flatMap((window) => window.nextOpening(atMs) ?? [])
    return next.length === 0 ? undefined : Math.min(...next)
  }

  #blackoutAt(atMs: number): Blackout | undefined {
    if (this.#blackouts.length === 0) return undefined
    const date = dateText(wallMs(this.#zone, atMs))
    return this.#blackouts.find((each) => coversDate(each, date))
  }

  /** The first midnight at the place after the last of its days; undefined: not within sight. */
  #endOf(blackout: Blackout, atMs: number): number | undefined {
    const today = Math.floor(wallMs(this.#zone, atMs) / dayMs)
    for (let ahead = 1; ahead <= searchDaysMax; ahead += 1)
      if (!coversDate(blackout, dateText((today + ahead) * dayMs)))
        return this.#midnight(today + ahead)
    return undefined
  }

  /** When the next blackout begins, looked for within a week. */
  #nextBlackout(nowMs: number): number | undefined {
    if (this.#blackouts.length === 0) return undefined
    const today = Math.floor(wallMs(this.#zone, nowMs) / dayMs)
    for (let ahead = 1; ahead <= 7; ahead += 1) {
      const date = dateText((today + ahead) * dayMs)
      if (this.#blackouts.some((each) => coversDate(each, date)))
        return this.#midnight(today + ahead)
    }
    return undefined
  }

  #midnight(day: number): number {
    const { atMs, gapEndMs } = instantsOf(this.#zone, day * dayMs)
    return atMs[0] ?? gapEndMs!
  }
}

/** Whether a calendar opens at all, whatever the zone: blackouts of one year end, those of every year do not. */
export function neverOpens({ windows, blackouts }: Calendar): boolean {
  const yearly = blackouts.filter(({ from }) => from.length === 'MM-DD'.length)
  const state = new ZoneCalendar({ windows, blackouts: yearly }, 'UTC').at(leapYearMs)
  return !state.isOpen && state.opensMs === undefined
}

const leapYearMs = Date.UTC(2024, 0, 1)

/** The zone in which a place is judged: its own, else the one that is given instead, else none. */
export function zoneFor(own: string | undefined, instead: string | undefined): string | undefined {
  if (own !== undefined && isTimeZone(own)) return own
  return instead !== undefined && isTimeZone(instead) ? instead : undefined
}

function dateText(wall: number): string {
  return new Date(wall).toISOString().slice(0, 'YYYY-MM-DD'.length)
}

/** Texts of dates sort as the dates do; a yearly blackout may go over the end of the year. */
function coversDate({ from, to }: Blackout, date: string): boolean {
  if (from.length !== 'MM-DD'.length) return from <= date && date <= to
  const day = date.slice('YYYY-'.length)
  return from <= to ? from <= day && day <= to : day >= from || day <= to
}
