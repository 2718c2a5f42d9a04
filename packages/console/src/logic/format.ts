/** What stands where a number is not known. */
export const unknownText = '–'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Requests per second: one decimal below ten, whole above. */
export function formatRate(perSecond: number | undefined): string {
  if (perSecond === undefined) return unknownText
  if (perSecond === 0) return '0'
  return perSecond < 9.95 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))
}

export function formatCount(count: number | undefined): string {
  return count === undefined ? unknownText : count.toLocaleString('en-GB')
}

export function formatMilliseconds(value: number | undefined): string {
  if (value === undefined) return unknownText
  if (value < 9.95) return `${value.toFixed(1)} ms`
  return value < 999.5 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`
}

/** A share of one as a percentage: 0.964 is 96.4%. */
export function formatShare(share: number | undefined, decimals = 1): string {
  return share === undefined ? unknownText : `${(share * 100).toFixed(decimals)}%`
}

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return unknownText
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** How long: the largest unit, and the next one while it matters. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs)
  if (ms < minute) return `${Math.floor(ms / second)} s`
  if (ms < hour) return withRest(ms, [minute, 'min'], [second, 's'], 10)
  if (ms < day) return withRest(ms, [hour, 'h'], [minute, 'min'], 6)
  return withRest(ms, [day, 'd'], [hour, 'h'], 7)
}

type Unit = readonly [sizeMs: number, name: string]

/** From `wholeFrom` large units on, the small one is noise. */
function withRest(ms: number, large: Unit, small: Unit, wholeFrom: number): string {
  const count = Math.floor(ms / large[0])
  const rest = Math.floor((ms % large[0]) / small[0])
  return count >= wholeFrom || rest === 0
    ? `${count} ${large[1]}`
    : `${count} ${large[1]} ${rest} ${small[1]}`
}

/** How long ago, or how soon. Clocks differ a little, so the near future is now. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const agoMs = nowMs - thenMs
  if (Math.abs(agoMs) < 5 * second) return 'just now'
  if (agoMs < 0) return agoMs > -minute ? 'just now' : `in ${roughly(-agoMs)}`
  return `${roughly(agoMs)} ago`
}

function roughly(ms: number): string {
  if (ms < minute) return `${Math.floor(ms / second)} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min`
  return ms < 2 * day ? `${Math.floor(ms / hour)} h` : `${Math.floor(ms / day)} d`
}

/** The moment in full, with its zone: what a title shows. */
export function formatMoment(epochMs: number, timeZone?: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'long',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(epochMs)
}

/** The time of day; with the date when it was another day. */
export function formatClock(epochMs: number, nowMs: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone }
  const dayOf = new Intl.DateTimeFormat('en-GB', { dateStyle: 'short', ...zone })
  const isToday = dayOf.format(epochMs) === dayOf.format(nowMs)
  return new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(isToday ? {} : { day: 'numeric', month: 'short' }),
    ...zone,
  }).format(epochMs)
}

/** `3 sites`, `1 site`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** Milliseconds of an API timestamp; undefined when it is absent or no time. */
export function toMs(timestamp: string | null | undefined): number | undefined {
  const ms = timestamp == null ? Number.NaN : Date.parse(timestamp)
  return Number.isNaN(ms) ? undefined : ms
}
