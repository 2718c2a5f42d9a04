import type { OsReport } from '@skerry/api/os/os-report'
import type { SiteSpec, SpecVersion } from '@skerry/api/site-spec'
import type { DeviceLink } from '@skerry/client/device-link'
import type { Assessment } from '@skerry/planner/assess-site'
import type { FailedContent } from '@skerry/planner/site-state'

/** What shall run. Poll writes it, and the local API may; seek reads it. */
export type TargetState = {
  readonly spec?: SiteSpec | undefined
  /** Why the last document that came was not taken. */
  readonly refusal?: string | undefined
}

/** What runs. Seek writes it; report and the local API read it. */
export type CurrentState = Assessment & {
  readonly target?: SpecVersion | undefined
  readonly applied?: SpecVersion | undefined
  readonly failures: readonly FailedContent[]
  /** What is to be done and why, in sentences. */
  readonly plan: readonly string[]
  readonly ports: Readonly<Record<string, number>>
  /** Of the files that may be fetched ahead, those that are here; absent where there are none to fetch. */
  readonly fetched?: readonly string[] | undefined
  /** Absent where the operating system is not an image. */
  readonly os?: OsReport | undefined
}

/** How it stands with the hub. Poll makes the connection; whoever talks to the hub borrows it. */
export type ConnectionState = {
  readonly phase: 'NotEnrolled' | 'Connecting' | 'Connected' | 'Disconnected'
  readonly message?: string | undefined
  readonly link?: DeviceLink | undefined
}

export const unknownState: CurrentState = {
  health: 'Unknown',
  isSettled: false,
  layers: [],
  failures: [],
  plan: [],
  ports: {},
}
