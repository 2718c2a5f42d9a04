import { humanAge } from '@skerry/api/table'

/**
 * How long ago, as kubectl writes it: `47s`, `3m12s`, `2d4h`; `-` when it never was. Clocks differ, so what
 * is still to come is now.
 */
export function ageOf(timestamp: string | undefined, nowMs: number): string {
  return timestamp === undefined ? '-' : humanAge(Math.max(0, nowMs - Date.parse(timestamp)))
}
