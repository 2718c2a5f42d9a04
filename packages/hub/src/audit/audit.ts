import { type Clock, toMicroTimestamp } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import {
  type Audit,
  type AuditOutcome,
  type AuditTrail,
  listenToBodies,
} from '../api-server/audit.ts'
import type { ApiRequest, Attributes, Decision, User } from '../api-server/authorization.ts'
import { auditEventText } from './audit-event.ts'
import { type AuditChoice, type AuditPolicy, type AuditStage, chooseAudit } from './audit-policy.ts'
import { auditIdCharactersMax } from './limits.ts'

export type AuditOptions = {
  readonly policy: AuditPolicy
  /** Takes one line of JSON; never throws. */
  readonly write: (line: string) => void
  readonly clock: Clock
  readonly random: Random
}

/** Writes `audit.k8s.io/v1` events as a policy says. */
export function createAudit(options: AuditOptions): Audit {
  return {
    begin: (request, response) => {
      const auditId = auditIdOf(request, options.random)
      response.setHeader('Audit-Id', auditId)
      return new RequestTrail(options, request, auditId)
    },
  }
}

/** The client's own name for its request, if it is one. */
function auditIdOf({ headers }: ApiRequest, random: Random): string {
  const given = headers['audit-id']
  const isGood = typeof given === 'string' && /^[\u0021-\u007e]+$/.test(given)
  return isGood && given.length <= auditIdCharactersMax ? given : random.uuid()
}

class RequestTrail implements AuditTrail {
  readonly #options: AuditOptions
  readonly #request: ApiRequest
  readonly #auditId: string
  readonly #receivedMs: number
  readonly #annotations: Record<string, string> = {}
  #attributes: Attributes | undefined
  #user: User | undefined
  #choice: AuditChoice | undefined
  #requestObject: unknown
  #responseObject: unknown

  constructor(options: AuditOptions, request: ApiRequest, auditId: string) {
    this.#options = options
    this.#request = request
    this.#auditId = auditId
    this.#receivedMs = options.clock.now()
  }

  what(attributes: Attributes): void {
    this.#attributes = attributes
  }

  who(user: User): void {
    this.#user = user
    this.#choose()
    if (this.#choice?.level === 'None') return
    listenToBodies(this.#request, this)
    this.#write('RequestReceived')
  }

  decided(decision: Decision): void {
    this.#annotations['authorization.k8s.io/decision'] = decision.allowed ? 'allow' : 'forbid'
    this.#annotations['authorization.k8s.io/reason'] = decision.reason ?? ''
  }

  requestObject(object: unknown): void {
    this.#requestObject = object
  }

  responseObject(object: unknown): void {
    this.#responseObject = object
  }

  started(code: number): void {
    this.#write('ResponseStarted', { code })
  }

  done(outcome: AuditOutcome): void {
    // Whoever could not be told who they are has come no further than to what they asked.
    this.#choose()
    this.#write(outcome.isPanic === true ? 'Panic' : 'ResponseComplete', outcome)
  }

  #choose(): void {
    if (this.#attributes === undefined) return
    // The rules are about who really asks, as in a kube-apiserver.
    const user = this.#user?.impersonator ?? this.#user
    this.#choice ??= chooseAudit(this.#options.policy, user, this.#attributes)
  }

  #write(stage: AuditStage, outcome?: AuditOutcome): void {
    const attributes = this.#attributes
    const choice = this.#choice
    if (attributes === undefined || choice === undefined || choice.level === 'None') return
    if (choice.omitStages.includes(stage)) return
    this.#options.write(
      auditEventText(stage, {
        level: choice.level,
        auditID: this.#auditId,
        request: this.#request,
        attributes,
        user: this.#user,
        requestObject: this.#requestObject,
        responseObject: this.#responseObject,
        outcome,
        annotations: this.#annotations,
        receivedTime: toMicroTimestamp(this.#receivedMs),
        stageTime: toMicroTimestamp(this.#options.clock.now()),
        omitManagedFields: choice.omitManagedFields,
      }),
    )
  }
}
