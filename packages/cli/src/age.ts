const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/** How long ago, in the largest unit that fits: `3d`, `12m`; `-` when it never was. */
export function ageOf(timestamp: string | undefined, nowMs: number): string {
  if (timestamp === undefined) return '-'
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(timestamp)) / 1000))
  const [unit, size] = units.find(([, each]) => seconds >= each * 2) ?? units[3]
  return `${Math.floor(seconds / size)}${unit}`
}
