import { CommandError, exitCodes } from './exit-code.ts'

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `24h`, `7d` in milliseconds. */
export function parseDuration(text: string, option: string): number {
  const parts = /^(\d+)([smhd])$/.exec(text)
  if (parts === null)
    throw new CommandError(
      `${option} ${text}: write a whole number and a unit, such as 90s, 15m, 24h or 7d`,
      exitCodes.usage,
    )
  return Number(parts[1]) * unitMs[parts[2]!]!
}
