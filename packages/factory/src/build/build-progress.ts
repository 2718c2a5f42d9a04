import type { Progress } from '../debian/progress.ts'

/** What is being built, for a person who waits. */
export type BuildProgress =
  | { readonly step: string; readonly state: 'Begun' | 'Cached' }
  | { readonly step: string; readonly state: 'Done'; readonly elapsedMs: number }
  | { readonly step: string; readonly state: 'Under way'; readonly progress: Progress }

export type OnBuildProgress = (progress: BuildProgress) => void
