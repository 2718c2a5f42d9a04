import { zonesKeptMax } from './limits.ts'

/** Zones that are known to be, with what tells their time; to ask anew takes longer than all else. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** Whether the time zone data that comes with Node knows it. */
export function isTimeZone(zone: string): boolean {
  return formatOf(zone) !== undefined
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    if (formats.size < zonesKeptMax) formats.set(zone, format)
    return format
  } catch {
    return undefined
  }
}

/**
 * What a clock on the wall shows at an instant, as milliseconds: the instant at which a clock in UTC
 * would show the same. Throws for a zone that is not known.
 */
export function wallMs(zone: string, atMs: number): number {
  const format = formatOf(zone)
  if (format === undefined) throw new Error(`Broken assumption: zone ${zone} was not looked at`)
  const part: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value)
  const of = (name: string) => part[name] ?? 0
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

/** How far a clock in the zone is ahead of UTC, in whole seconds. */
export function offsetMs(zone: string, atMs: number): number {
  const wholeMs = Math.floor(atMs / 1000) * 1000
  return wallMs(zone, wholeMs) - wholeMs
}

const dayMs = 86_400_000

/**
 * The instants at which a clock in the zone shows `wall`: one as a rule, two (in order) in an hour that
 * comes twice. In an hour that does not exist none, and `gapEndMs` is when it would have begun to: the
 * moment at which the clocks are put forward.
 */
export type WallInstants = { readonly atMs: readonly number[]; readonly gapEndMs?: number }

export function instantsOf(zone: string, wall: number): WallInstants {
  // No zone is a day from UTC, and none changes twice in two days.
  const before = offsetMs(zone, wall - dayMs)
  const after = offsetMs(zone, wall + dayMs)
  if (before === after) return { atMs: [wall - before] }
  const atMs = [wall - before, wall - after]
    .filter((instant, index) => offsetMs(zone, instant) === (index === 0 ? before : after))
    .toSorted((left, right) => left - right)
  if (atMs.length > 0) return { atMs }
  return { atMs, gapEndMs: changeBetween(zone, wall - after, wall - before) }
}

/** The first whole second between two instants at which the clocks of the zone are put. */
function changeBetween(zone: string, fromMs: number, toMs: number): number {
  const before = offsetMs(zone, fromMs)
  let low = Math.floor(fromMs / 1000)
  let high = Math.ceil(toMs / 1000)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMs(zone, middle * 1000) === before) low = middle
    else high = middle
  }
  return high * 1000
}
