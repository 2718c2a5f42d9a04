export type BackupBounds = {
  readonly prefix: string
  readonly extension: string
  /** 0: as many as there are. */
  readonly backupsMax: number
  /** 0: however old. */
  readonly ageDaysMax: number
  readonly nowMs: number
}

const dayMs = 24 * 3600_000
const timePattern = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3})$/

/** Which files that were set aside are too many or too old. Files of other names are never among them. */
export function expiredBackups(files: readonly string[], bounds: BackupBounds): string[] {
  const { prefix, extension, backupsMax, ageDaysMax, nowMs } = bounds
  const backups = files
    .flatMap((file) => {
      const isOurs = file.startsWith(prefix) && file.endsWith(extension)
      const time = isOurs ? file.slice(prefix.length, file.length - extension.length) : ''
      const match = timePattern.exec(time)
      if (match === null) return []
      return [{ file, madeMs: Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}Z`) }]
    })
    .toSorted((left, right) => right.madeMs - left.madeMs)
  return backups
    .filter(
      ({ madeMs }, index) =>
        (backupsMax > 0 && index >= backupsMax) ||
        (ageDaysMax > 0 && madeMs < nowMs - ageDaysMax * dayMs),
    )
    .map(({ file }) => file)
}
