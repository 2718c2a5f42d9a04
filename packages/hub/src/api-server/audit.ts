import type { ApiRequest, Attributes, Decision, User } from './authorization.ts'

/** Who did what, when, with what outcome. */
export type Audit = {
  /** The request has come in; its trail is told what becomes of it. */
  begin(request: ApiRequest): AuditTrail
}

/** What the audit is told of one request, in this order. It never throws. */
export type AuditTrail = {
  who(user: User): void
  what(attributes: Attributes): void
  decided(decision: Decision): void
  /** The object in the body of the request. */
  requestObject(object: unknown): void
  /** The object in the answer. */
  responseObject(object: unknown): void
  /** A watch has sent its headers. */
  started(code: number): void
  done(code: number, message?: string): void
}

const nothing = (): void => {}

/** Nobody listens. */
export const noTrail: AuditTrail = {
  who: nothing,
  what: nothing,
  decided: nothing,
  requestObject: nothing,
  responseObject: nothing,
  started: nothing,
  done: nothing,
}
