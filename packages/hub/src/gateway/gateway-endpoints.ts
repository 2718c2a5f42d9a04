import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { pipeline } from 'node:stream/promises'
import {
  type DeviceIdentity,
  type RenewResponse,
  type StatusReport,
  type TelemetryAnswer,
  statusReportSchema,
} from '@skerry/api/device-protocol'
import { formatProblem } from '@skerry/api/problem'
import { pruneUnknown } from '@skerry/api/schema-prune'
import { validateSchema } from '@skerry/api/schema-validate'
import { type SpecVersion, compareSpecVersions } from '@skerry/api/site-spec'
import { issueToDevice } from '../enrolment/device-records.ts'
import { parseRange } from '../registry/byte-range.ts'
import { parseRegistryPath } from '../registry/registry-path.ts'
import { parseSigningRequest } from '../trust/signing-request.ts'
import type { Connection } from './connection.ts'
import { readJson } from './device-body.ts'
import { answer, refuse, refuseAs } from './gateway-answer.ts'
import type { FlowBudget } from './flow-budget.ts'
import type { GatewayOptions } from './gateway-context.ts'
import {
  blobStreamsPerDeviceMax,
  renewBytesMax,
  renewalsPerConnectionMax,
  statusBytesMax,
  telemetryBytesMax,
} from './limits.ts'
import { frameOf } from './spec-streams.ts'
import { parseTelemetry, rollupsOf } from './telemetry-records.ts'

/** A request of an admitted device. */
export type DeviceRequest = {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly connection: Connection
  readonly identity: DeviceIdentity
  readonly query: URLSearchParams
}

/** The version that a device says it holds, or undefined. */
export function knownVersion(query: URLSearchParams): SpecVersion | undefined {
  const epoch = Number(query.get('epoch') ?? NaN)
  const revision = Number(query.get('revision') ?? NaN)
  return Number.isSafeInteger(epoch) && Number.isSafeInteger(revision)
    ? { epoch, revision }
    : undefined
}

export async function answerPoll(
  { specs }: GatewayOptions,
  { stream, identity, query }: DeviceRequest,
): Promise<void> {
  const spec = await specs.get(identity.siteUid)
  const known = knownVersion(query)
  if (spec === undefined || (known !== undefined && compareSpecVersions(spec, known) <= 0))
    return answer(stream, 304)
  stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' })
  stream.end(frameOf(spec.envelope))
}

export async function answerStatus(
  { onReport }: GatewayOptions,
  request: DeviceRequest,
): Promise<void> {
  const { stream, identity } = request
  const body = await readJson(request, statusBytesMax)
  const [problem] = validateSchema(statusReportSchema, body, '')
  if (problem !== undefined) return refuseAs(stream, 'BadRequest', formatProblem(problem))
  const report = pruneUnknown(statusReportSchema, body, '').value as StatusReport
  await onReport(identity, report)
  answer(stream, 204)
}

export async function answerTelemetry(
  { rollups, clock }: GatewayOptions,
  request: DeviceRequest,
  flow: FlowBudget,
): Promise<void> {
  const { stream, identity } = request
  const body = await readJson(request, telemetryBytesMax)
  const parsed = parseTelemetry(body)
  if (!parsed.ok) return refuseAs(stream, 'BadRequest', parsed.message)
  const { batch } = parsed
  if (!flow.take(identity.siteUid, batch.records.length))
    return refuseAs(stream, 'TooManyRequests', 'The site measures too much: send the rest later.')
  const acknowledged = await rollups.append(rollupsOf(identity, batch, clock.now()))
  answer(stream, 200, { acknowledged } satisfies TelemetryAnswer)
}

/** A new certificate for the same device and the same key. */
export async function answerRenew(options: GatewayOptions, request: DeviceRequest): Promise<void> {
  const { stream, identity, connection } = request
  const { authority, state, trustedKeys, trustedKeySet } = options
  const { readSigningRequest = parseSigningRequest } = options
  const body = await readJson(request, renewBytesMax)
  Object.assign(connection, { renewals: connection.renewals + 1 })
  if (connection.renewals > renewalsPerConnectionMax)
    return refuseAs(stream, 'TooManyRequests', 'This connection has renewed often enough.')
  const parsed = await readSigningRequest((body as { request?: unknown }).request)
  if (!parsed.ok) return refuseAs(stream, 'BadRequest', parsed.message)
  if (parsed.publicKeyDigest !== connection.facts?.publicKeyDigest)
    return refuse(
      stream,
      'Refused',
      "request: is for another key than the certificate's: a device with a new key enrols again.",
    )
  const issued = await issueToDevice({ state, authority }, identity, parsed.publicKey)
  Object.assign(connection, { notAfterMs: issued.notAfterMs })
  const response: RenewResponse = {
    certificate: issued.certificate,
    authority: authority.certificate,
    trustedKeys: trustedKeys(),
    trustedKeySet: trustedKeySet(),
  }
  answer(stream, 200, response)
}

/** Bytes of a blob that the site's own spec names, and of no other. */
export async function answerBlob(
  { specs, blobs }: GatewayOptions,
  { stream, headers, identity, connection }: DeviceRequest,
): Promise<void> {
  const path = parseRegistryPath(headers[':path']!.split('?', 1)[0]!)
  const spec = path.kind === 'Blob' ? await specs.get(identity.siteUid) : undefined
  if (path.kind !== 'Blob' || spec?.blobs.includes(path.digest) !== true)
    return refuse(stream, 'Refused', "The site's spec names no such blob.")
  const found = await blobs.stat(path.digest)
  if (found === undefined)
    return refuseAs(stream, 'NotFound', `The hub has no blob ${path.digest}: push it again.`)
  const asked = parseRange(headers.range, found.sizeBytes)
  if (asked.kind === 'Unsatisfiable') return answer(stream, 416)
  if (connection.blobStreams >= blobStreamsPerDeviceMax)
    return refuseAs(stream, 'TooManyRequests', 'Fetch fewer blobs at once.')
  const range = asked.kind === 'Part' ? asked.range : { start: 0, end: found.sizeBytes - 1 }
  Object.assign(connection, { blobStreams: connection.blobStreams + 1 })
  try {
    stream.respond({
      ':status': asked.kind === 'Part' ? 206 : 200,
      'content-length': range.end - range.start + 1,
    })
    if (found.sizeBytes === 0) stream.end()
    else await pipeline(blobs.read(path.digest, range), stream)
  } finally {
    Object.assign(connection, { blobStreams: connection.blobStreams - 1 })
  }
}
