import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { KindSource } from '@skerry/api/kind-source'
import type { State } from '@skerry/api/state'
import type { TextState } from '@skerry/api/text-state'
import type { Audit, AuditTrail } from './audit.ts'
import type {
  ApiRequest,
  Authenticate,
  Authorize,
  ResourceTarget,
  SiteScope,
  User,
} from './authorization.ts'
import type { ExtensionTable, Extensions } from './extension.ts'
import type { FlowControl } from './flow-control.ts'
import type { Impersonate } from './impersonation.ts'
import type { RequestMetrics } from './request-metrics.ts'
import type { Accepted } from './wire/media-type.ts'

export type ApiResponse = ServerResponse | Http2ServerResponse

export type DocumentSource = { readonly mediaType: string; readonly make: () => object }

export type ApiServerOptions = {
  readonly state: State
  /** The same objects as the texts that are kept. */
  readonly texts: TextState
  readonly kinds: KindSource
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly authenticate: Authenticate
  readonly authorize: Authorize
  /** Absent: nobody acts for anybody else. */
  readonly impersonate?: Impersonate
  /** Absent: whoever comes is served at once. */
  readonly flow?: FlowControl
  readonly audit?: Audit
  readonly metrics?: RequestMetrics
  readonly extensions?: Extensions
  /** JSON documents at paths of their own, `/openid/v1/jwks`. */
  readonly documents?: Readonly<Record<string, DocumentSource>>
  /** What `/readyz` asks, by name; one that rejects makes the hub not ready. */
  readonly readyChecks?: Readonly<Record<string, () => Promise<void>>>
}

/** What every handler works with. */
export type ServerContext = Pick<
  ApiServerOptions,
  'state' | 'texts' | 'kinds' | 'clock' | 'random' | 'log' | 'documents' | 'authorize' | 'metrics'
> & {
  readonly extensions: ExtensionTable
  /** Aborts when the server is closed. */
  readonly closing: AbortSignal
  readonly watches: { open: number }
}

/** One request on its way. */
export type Call = {
  readonly request: ApiRequest
  readonly response: ApiResponse
  readonly user: User
  readonly query: URLSearchParams
  readonly accepted: Accepted
  /** Absent: whatever there is. */
  readonly sites?: SiteScope | undefined
  readonly trail: AuditTrail
}

export type ResourceCall = Call & { readonly target: ResourceTarget }
/** A call that names one object. */
export type ObjectCall = Call & { readonly target: ResourceTarget & { readonly name: string } }
