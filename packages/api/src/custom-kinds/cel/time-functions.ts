import { fault } from './fault.ts'
import type { Library } from './functions.ts'
import type { Overload } from './overload.ts'
import { duration, int, string, timestamp } from './types.ts'
import type { Span, Time, Value } from './values.ts'

const parts: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) =>
    Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
}

const both: Readonly<Record<string, readonly [(date: Date) => number, bigint]>> = {
  getHours: [(date) => date.getUTCHours(), 3_600_000_000_000n],
  getMinutes: [(date) => date.getUTCMinutes(), 60_000_000_000n],
  getSeconds: [(date) => date.getUTCSeconds(), 1_000_000_000n],
  getMilliseconds: [(date) => date.getUTCMilliseconds(), 1_000_000n],
}

const zonePattern = /^([-+]?)(\d{2}):(\d{2})$/

function dateOf(time: Value, zone: Value | undefined): Date {
  const ms = Number((time as Time).ns / 1_000_000n)
  if (zone === undefined || zone === 'UTC') return new Date(ms)
  const found = zonePattern.exec(zone as string)
  if (found === null)
    throw fault(`unknown time zone ${JSON.stringify(zone)}: write an offset such as +01:00`)
  const minutes = Number(found[2]) * 60 + Number(found[3])
  return new Date(ms + (found[1] === '-' ? -minutes : minutes) * 60_000)
}

const ofTime = (read: (date: Date) => number): Overload[] => [
  {
    args: [timestamp],
    result: int,
    isMember: true,
    run: ([time]) => BigInt(read(dateOf(time!, undefined))),
  },
  {
    args: [timestamp, string],
    result: int,
    isMember: true,
    run: ([time, zone]) => BigInt(read(dateOf(time!, zone))),
  },
]

export const timeFunctions: Library = {
  ...Object.fromEntries(Object.entries(parts).map(([name, read]) => [name, ofTime(read)])),
  ...Object.fromEntries(
    Object.entries(both).map(([name, [read, unit]]) => [
      name,
      [
        ...ofTime(read),
        {
          args: [duration],
          result: int,
          isMember: true,
          run: ([span]) => (span as Span).ns / unit,
        } satisfies Overload,
      ],
    ]),
  ),
}
