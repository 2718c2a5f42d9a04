import { paint } from './output.ts'

/** A line that says how far a transfer is; on a terminal it is drawn over itself, elsewhere it is silent. */
export function createProgress(label: string, totalBytes: number) {
  const isLive = process.stderr.isTTY
  const barWidth = 30
  return {
    update(doneBytes: number): void {
      if (!isLive) return
      const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
      const filled = Math.round(share * barWidth)
      const bar = '█'.repeat(filled) + paint.dim('░'.repeat(barWidth - filled))
      process.stderr.write(
        `\r${label} ${bar} ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
      )
    },
    end(): void {
      if (isLive) process.stderr.write('\r\u001B[K')
    },
  }
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let amount = bytes
  let unit = 0
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000
    unit += 1
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`
}
