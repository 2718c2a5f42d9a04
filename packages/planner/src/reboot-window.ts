/** When a machine may restart, in the time of the place. */
export type RebootWindow = { readonly from: string; readonly to: string }

export type WindowState =
  | { readonly isOpen: true }
  | {
      readonly isOpen: false
      /** The first moment at which it is open again; absent if that is not within a week. */
      readonly opensAtMs?: number
    }

const minuteMs = 60_000
const dayMinutes = 24 * 60
/** No zone changes its offset within a quarter of an hour of the clock. */
const quarterMinutes = 15
/** A window that lies in an hour that a change of clocks leaves out opens on the day after. */
const searchDays = 7

/**
 * Whether the window is open, and when it opens next. It closes at `to`, on the next day if `to` is not
 * after `from`; equal, it never closes. What counts is what a clock on the wall shows: an hour that is
 * left out when summer time begins opens nothing, a window that begins in it opens at its end, and an
 * hour that comes twice in autumn is open twice. A zone that is not known counts as UTC.
 */
export function windowAt(
  window: RebootWindow | undefined,
  timeZone: string | undefined,
  nowMs: number,
): WindowState {
  if (window === undefined || window.from === window.to) return { isOpen: true }
  const minuteOf = wallMinutes(timeZone)
  if (isWithin(window, minuteOf(nowMs))) return { isOpen: true }
  const quarterMs = quarterMinutes * minuteMs
  for (let step = 0; step <= (searchDays * dayMinutes) / quarterMinutes; step += 1) {
    const startMs = Math.floor(nowMs / quarterMs + step) * quarterMs
    const first = minuteOf(startMs)
    for (let minute = 0; minute < quarterMinutes; minute += 1) {
      const atMs = startMs + minute * minuteMs
      if (atMs > nowMs && isWithin(window, (first + minute) % dayMinutes))
        return { isOpen: false, opensAtMs: atMs }
    }
  }
  return { isOpen: false }
}

/** `Sat 02:30 (Europe/Berlin)`: as a clock at the place will show it. */
export function wallClockText(timeZone: string | undefined, atMs: number): string {
  const parts = formatOf(timeZone).format(atMs)
  return `${parts} (${isKnownZone(timeZone) ? (timeZone ?? 'UTC') : 'UTC'})`
}

function isWithin({ from, to }: RebootWindow, minute: number): boolean {
  const [start, end] = [minutesOf(from), minutesOf(to)]
  return start < end ? start <= minute && minute < end : minute >= start || minute < end
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

function wallMinutes(timeZone: string | undefined): (atMs: number) => number {
  const format = formatOf(timeZone)
  return (atMs) => minutesOf(format.format(atMs).slice(-5))
}

function formatOf(timeZone: string | undefined): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: isKnownZone(timeZone) ? (timeZone ?? 'UTC') : 'UTC',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
}

function isKnownZone(timeZone: string | undefined): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone })
    return true
  } catch {
    return false
  }
}
