import type { BlobStore } from '@skerry/artifact/blob-store'
import type { KindSource } from '@skerry/api/kind-source'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { HubStore } from '@skerry/store/hub-store'
import type { SiteReports } from './controllers/site-reports.ts'
import type { HubOptions } from './hub-options.ts'
import type { RequestSteps } from './open-request-steps.ts'
import type { Shutdown } from './shut-down-api.ts'
import type { Authority } from './trust/authority.ts'
import type { ServiceAccountKeys } from './trust/service-account-keys.ts'
import type { SigningKeys } from './trust/signing-keys.ts'

/** Time, chance and a log: what everything below is given. */
export type Tools = { readonly clock: Clock; readonly random: Random; readonly log: Log }

/** What the parts of a hub share. */
export type Parts = Tools & {
  readonly options: HubOptions
  readonly authority: Authority
  readonly signingKeys: SigningKeys
  readonly accountKeys: ServiceAccountKeys
  readonly store: HubStore
  /** The kinds that there are: built in, and brought by users. */
  readonly kinds: KindSource
  readonly blobs: BlobStore
  readonly reports: SiteReports
  readonly steps: RequestSteps
  readonly shutdown: Shutdown
}
