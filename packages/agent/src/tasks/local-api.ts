import type { ReadableBus } from '../bus.ts'
import type { ConnectionState, CurrentState, TargetState } from '../buses.ts'
import type { DeviceTrust } from '../device-trust.ts'
import { untilAborted } from '../first-of.ts'
import { DiskError, type Host, type LocalRequest, type LocalResponse } from '../host.ts'
import { agentVersion } from '../agent-config.ts'
import { ageMessage } from '../status-report.ts'
import type { TargetIntake } from '../target-intake.ts'
import type { Spool } from '../telemetry/spool.ts'

export type LocalApiOptions = {
  readonly host: Host
  readonly path: string
  readonly bootId: string
  readonly target: ReadableBus<TargetState>
  readonly current: ReadableBus<CurrentState>
  readonly connection: ReadableBus<ConnectionState>
  readonly trust: DeviceTrust
  readonly intake: TargetIntake
  readonly spool: Spool
}

/**
 * What somebody at the site may ask and bring, with the hub or without:
 * GET /v1/status tells what runs, what is planned and why; PUT /v1/target takes a signed site spec.
 */
export async function localApi(options: LocalApiOptions, signal: AbortSignal): Promise<void> {
  await using _ = await options.host.network.serveLocal(options.path, (request) =>
    answer(options, request),
  )
  await untilAborted(signal)
}

async function answer(options: LocalApiOptions, request: LocalRequest): Promise<LocalResponse> {
  const { method, path } = request
  if (path === '/v1/status')
    return method === 'GET' ? { code: 200, body: localStatus(options) } : notAllowed('GET')
  if (path === '/v1/target')
    return method === 'PUT' ? putTarget(options, request.body) : notAllowed('PUT')
  return {
    code: 404,
    body: { error: `there is no ${path}: ask for GET /v1/status or PUT /v1/target` },
  }
}

function notAllowed(method: string): LocalResponse {
  return { code: 405, body: { error: `use ${method} here` } }
}

async function putTarget({ intake }: LocalApiOptions, body: Uint8Array): Promise<LocalResponse> {
  let envelope: unknown
  try {
    envelope = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return { code: 400, body: { error: 'the body must be a signed envelope as JSON' } }
  }
  const taken = await intake.accept(envelope).catch(diskFailure)
  if (taken instanceof DiskError) return { code: 507, body: { error: taken.message } }
  if (taken.ok) return { code: 200, body: { isNew: taken.isNew, version: taken.version } }
  const code = taken.reason === 'Older' ? 409 : 422
  return { code, body: { error: taken.message, reason: taken.reason } }
}

function diskFailure(error: unknown): DiskError {
  if (error instanceof DiskError) return error
  throw error
}

/** `GET /v1/status`. */
export type LocalStatus = Omit<CurrentState, 'target'> & {
  readonly agentVersion: string
  readonly bootId: string
  readonly site?: { readonly namespace: string; readonly name: string; readonly uid: string }
  readonly connection: {
    readonly phase: string
    readonly message?: string
    /** Bytes on the socket of this connection, TLS included. */
    readonly traffic?: { readonly sentBytes: number; readonly receivedBytes: number }
  }
  readonly target?: {
    readonly epoch: number
    readonly revision: number
    readonly validUntil: string
  }
  /** Why the last site spec that came was not taken. */
  readonly refusal?: string
  /** That the spec is old, if it is. */
  readonly warning?: string
  readonly spool: { readonly records: number; readonly bytes: number; readonly dropped: number }
}

function localStatus(options: LocalApiOptions): LocalStatus {
  const { spec, refusal } = options.target.get()
  const { phase, message, link } = options.connection.get()
  const { target: _, ...current } = options.current.get()
  const identity = options.trust.get()?.identity
  const warning = ageMessage(spec, options.host.clock.now())
  return {
    agentVersion,
    bootId: options.bootId,
    ...(identity === undefined
      ? {}
      : { site: { namespace: identity.namespace, name: identity.site, uid: identity.siteUid } }),
    connection: {
      phase,
      ...(message === undefined ? {} : { message }),
      ...(link === undefined ? {} : { traffic: link.traffic() }),
    },
    ...(spec === undefined
      ? {}
      : {
          target: { epoch: spec.epoch, revision: spec.revision, validUntil: spec.validUntil },
        }),
    ...current,
    ...(refusal === undefined ? {} : { refusal }),
    ...(warning === undefined ? {} : { warning }),
    spool: options.spool.depth(),
  }
}
