/** What is going on, for a line on a screen. */
export type Progress = {
  readonly step: 'resolve' | 'fetch' | 'unpack' | 'configure'
  /** Such as the set's or the package's name. */
  readonly what: string
  readonly done: number
  readonly total: number
  readonly unit: 'bytes' | 'packages' | 'lines'
}

export type OnProgress = (progress: Progress) => void
