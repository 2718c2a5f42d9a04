/** Five fields, as crontab(5) has them: minute, hour, day of month, month, day of week. */
export type Cron = {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>
  /** Begins with `*`: every hour that there is, so an hour that comes twice counts twice. */
  readonly isEveryHour: boolean
  readonly isAnyDay: boolean
  readonly isAnyWeekday: boolean
}

export type ParsedCron =
  | { readonly ok: true; readonly cron: Cron }
  | { readonly ok: false; readonly message: string }

type Field = {
  readonly name: string
  readonly least: number
  readonly most: number
  readonly names?: readonly string[]
}

const fields: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  {
    name: 'day of week',
    least: 0,
    most: 7,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
  },
]

/** Reads `0 2 * * mon-fri`. Says which field is wrong and what it may be. */
export function parseCron(text: string): ParsedCron {
  const parts = text.trim().split(/\s+/)
  if (parts.length !== fields.length)
    return fail(
      `has ${parts.length} fields: must have 5, minute hour day-of-month month day-of-week`,
    )
  const read = parts.map((part, at) => readField(part, fields[at]!))
  const problem = read.find((each) => typeof each === 'string')
  if (problem !== undefined) return fail(problem)
  const [minutes, hours, days, months, weekdays] = read as (readonly number[])[]
  return {
    ok: true,
    cron: {
      minutes: minutes!,
      hours: hours!,
      days: new Set(days),
      months: new Set(months),
      weekdays: new Set(weekdays!.map((day) => day % 7)),
      isEveryHour: parts[1]!.startsWith('*'),
      isAnyDay: parts[2]!.startsWith('*'),
      isAnyWeekday: parts[4]!.startsWith('*'),
    },
  }
}

/**
 * Whether it matches a day of the calendar. As everywhere: where both the day of the month and the day
 * of the week are restricted, either is enough.
 */
export function matchesDay(
  cron: Cron,
  { month, day, weekday }: { month: number; day: number; weekday: number },
): boolean {
  if (!cron.months.has(month)) return false
  const isDay = cron.days.has(day)
  const isWeekday = cron.weekdays.has(weekday)
  return cron.isAnyDay || cron.isAnyWeekday ? isDay && isWeekday : isDay || isWeekday
}

function fail(message: string): ParsedCron {
  return { ok: false, message }
}

/** Its values in order, or what is wrong with it. */
function readField(text: string, field: Field): readonly number[] | string {
  const values = new Set<number>()
  for (const item of text.split(',')) {
    const range = readItem(item, field)
    if (typeof range === 'string') return range
    for (let value = range.from; value <= range.to; value += range.step) values.add(value)
  }
  return [...values].toSorted((left, right) => left - right)
}

type Range = { readonly from: number; readonly to: number; readonly step: number }

function readItem(item: string, field: Field): Range | string {
  const match = /^(\*|[a-z0-9]+(?:-[a-z0-9]+)?)(?:\/(\d{1,2}))?$/i.exec(item)
  const wrong = `${field.name} ${JSON.stringify(item)} is not known: use ${field.least}-${field.most}, *, lists with commas, ranges with -, steps with /`
  if (match === null) return wrong
  const step = match[2] === undefined ? 1 : Number(match[2])
  if (step === 0) return `${field.name} ${JSON.stringify(item)} has step 0: use 1 or more`
  const span = match[1]!
  if (span === '*') return { from: field.least, to: field.most, step }
  const [first, last] = span.split('-').map((word) => readNumber(word, field))
  if (first === undefined || (span.includes('-') && last === undefined)) return wrong
  // As cron reads it: `5/15` begins at 5 and goes on to the end.
  const to = last ?? (match[2] === undefined ? first : field.most)
  if (first > to)
    return `${field.name} ${JSON.stringify(item)} runs backwards: write the smaller value first`
  return { from: first, to, step }
}

function readNumber(word: string, { least, most, names }: Field): number | undefined {
  const named = names?.indexOf(word.toLowerCase()) ?? -1
  const value = named >= 0 && word !== '' ? named : /^\d{1,2}$/.test(word) ? Number(word) : -1
  return value >= least && value <= most ? value : undefined
}
