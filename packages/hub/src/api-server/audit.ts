import type { ApiRequest, Attributes, Decision, User } from './authorization.ts'
import type { ApiResponse } from './call.ts'

/** Who did what, when, with what outcome. */
export type Audit = {
  /** The request has come in; its trail is told what becomes of it. Names it in the answer's `Audit-Id`. */
  begin(request: ApiRequest, response: ApiResponse): AuditTrail
}

export type AuditOutcome = {
  readonly code: number
  /** Absent: it went well. */
  readonly failure?: { readonly reason: string; readonly message: string } | undefined
  /** A bug of ours ended it. */
  readonly isPanic?: boolean
}

/** What the audit is told of one request, in this order. It never throws. */
export type AuditTrail = {
  what(attributes: Attributes): void
  who(user: User): void
  decided(decision: Decision): void
  /** The object in the body of the request. */
  requestObject(object: unknown): void
  /** The object in the answer, or its text. */
  responseObject(object: unknown): void
  /** A watch has sent its headers. */
  started(code: number): void
  done(outcome: AuditOutcome): void
}

const nothing = (): void => {}

/** Nobody listens. */
export const noTrail: AuditTrail = {
  what: nothing,
  who: nothing,
  decided: nothing,
  requestObject: nothing,
  responseObject: nothing,
  started: nothing,
  done: nothing,
}

/** Trails that want to hear of bodies, by their request. Empty when nobody listens. */
const listening = new WeakMap<ApiRequest, AuditTrail>()

/** From now on the trail hears what `tellRequestObject` and `tellResponseObject` are given. */
export function listenToBodies(request: ApiRequest, trail: AuditTrail): void {
  listening.set(request, trail)
}

/** Whoever has read the body of a request says so. */
export function tellRequestObject(request: ApiRequest, object: unknown): void {
  listening.get(request)?.requestObject(object)
}

/** Whoever sends an object, or its text, in an answer says so. */
export function tellResponseObject(request: ApiRequest, object: unknown): void {
  listening.get(request)?.responseObject(object)
}
