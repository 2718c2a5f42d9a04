import type { Problem } from '../problem.ts'
import { type Infer, integer, list, object, optional, string, withDefault } from '../schema.ts'
import { neverOpens } from './calendar.ts'
import { parseCron } from './cron.ts'
import { windowMinutesMax } from './limits.ts'
import { isTimeZone } from './zone-time.ts'

export const windowSchema = object(
  {
    cron: string(
      "When it opens, in the site's time zone: minute, hour, day of month, month, day of week.",
      { maxLength: 200 },
    ),
    durationMinutes: integer('How long it stays open.', {
      minimum: 1,
      maximum: windowMinutesMax,
    }),
  },
  'A time in which sites may change.',
)

const date = '^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$'

export const blackoutSchema = object(
  {
    name: string('What it is, for who asks why nothing happens.', { maxLength: 100 }),
    from: string('First day, YYYY-MM-DD, or MM-DD for every year.', { pattern: date }),
    to: string('Last day, itself included, written in the same way.', { pattern: date }),
  },
  'Days on which nothing changes.',
)

const windows = (description: string) =>
  withDefault(list(windowSchema, description, { maxItems: 50 }), [] as Infer<typeof windowSchema>[])

export const windowsSchema = object(
  {
    install: windows('When sites may change; empty: at any time that is no blackout.'),
    download: windows(
      'When the files of models may be fetched ahead, before the window for installing opens; empty: they are fetched when a site changes.',
    ),
    blackouts: withDefault(
      list(
        blackoutSchema,
        'Days on which nothing changes, in no window. Fetching changes nothing.',
        { maxItems: 100 },
      ),
      [] as Infer<typeof blackoutSchema>[],
    ),
    timeZone: optional(
      string(
        'Zone for sites whose own zone is unknown to the time zone data of the hub; absent: such sites wait.',
      ),
    ),
    ignoredForLabel: optional(
      string(
        'A rollout whose labels have this one set to "true" heeds neither windows nor blackouts, as for security fixes. Rollouts get the labels of their Profile.',
        { maxLength: 317 },
      ),
    ),
  },
  'When sites may change.',
)
export type Windows = Infer<typeof windowsSchema>

const parts = ['install', 'download'] as const

/** Everything that is wrong with windows; those that never open among it. */
export function windowsProblems(windows: Windows, path: string): Problem[] {
  const crons = parts.flatMap((part) =>
    windows[part].flatMap(({ cron }, index): Problem[] => {
      const parsed = parseCron(cron)
      return parsed.ok ? [] : [problem(`${path}.${part}[${index}].cron`, cron, parsed.message)]
    }),
  )
  const dates = windows.blackouts.flatMap((blackout, index) =>
    blackoutProblems(blackout, `${path}.blackouts[${index}]`),
  )
  const zone =
    windows.timeZone === undefined || isTimeZone(windows.timeZone)
      ? []
      : [
          problem(
            `${path}.timeZone`,
            windows.timeZone,
            'must be an IANA time zone such as Europe/Rome',
          ),
        ]
  const problems = [...crons, ...dates, ...zone]
  return problems.length > 0 ? problems : openingProblems(windows, path)
}

function openingProblems(windows: Windows, path: string): Problem[] {
  const { install, blackouts } = windows
  const dead = parts.flatMap((part) =>
    windows[part].flatMap(({ cron, durationMinutes }, index) =>
      neverOpens({ windows: [{ cron, durationMinutes }], blackouts: [] })
        ? [problem(`${path}.${part}[${index}].cron`, cron, 'never opens: no day matches it')]
        : [],
    ),
  )
  if (dead.length > 0 || !neverOpens({ windows: install, blackouts })) return dead
  return [
    {
      path: `${path}.blackouts`,
      type: 'Invalid',
      message: 'cover every opening of the windows in every year: no site could ever change',
    },
  ]
}

function blackoutProblems({ from, to }: Windows['blackouts'][number], path: string): Problem[] {
  const wrong = Object.entries({ from, to }).filter(([, text]) => !isDate(text))
  if (wrong.length > 0)
    return wrong.map(([name, text]) =>
      problem(`${path}.${name}`, text, 'is no day of the calendar'),
    )
  if (from.length !== to.length)
    return [problem(`${path}.to`, to, `must be written as from is: ${from}`)]
  return from.length > 'MM-DD'.length && to < from
    ? [problem(`${path}.to`, to, `must not be before from, ${from}`)]
    : []
}

function isDate(text: string): boolean {
  // A leap year, so that the 29th of February may be named.
  const whole = text.length === 'MM-DD'.length ? `2024-${text}` : text
  const ms = Date.parse(`${whole}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(whole)
}

function problem(path: string, value: string, message: string): Problem {
  return { path, type: 'Invalid', value, message }
}
