import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { EnrollRequest, EnrollResponse } from '@skerry/api/device-protocol'
import type { TrustedKey } from '@skerry/api/envelope'
import { parseJoinCredential } from '@skerry/api/join-token'
import { namespaceKind } from '@skerry/api/kinds/core'
import { type Device, deviceKind } from '@skerry/api/kinds/device'
import {
  type EnrollmentRequest,
  enrollmentRequestKind,
  joinTokenKind,
} from '@skerry/api/kinds/enrolment'
import { siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { ApiError, badRequest } from '@skerry/api/status'
import { updateStatus } from '@skerry/controller/update-status'
import type { Authority } from '../trust/authority.ts'
import { type ReadSigningRequest, parseSigningRequest } from '../trust/signing-request.ts'
import { findOrCreateDevice, findOrCreateSite, issueToDevice, useToken } from './device-records.ts'
import { parseEnrollRequest } from './enroll-request.ts'
import { enrolmentsUnderWayMax, pendingRequestsMax } from './limits.ts'
import { decideToken, unknownToken } from './token-decision.ts'

export type EnrolmentOptions = {
  readonly state: State
  readonly authority: Authority
  /** How the key of a request is read and proved; absent: by the platform's own cryptography. */
  readonly readSigningRequest?: ReadSigningRequest
  readonly trustedKeys: () => readonly TrustedKey[]
  /** `https://host:port` of the device gateway, as devices reach it. */
  readonly gateway: () => string
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

/**
 * Lets devices in. Asking again with the same key is harmless: the same Device, no second use of a
 * token. A refusal is an ApiError and has changed nothing.
 */
export type Enrolment = (body: unknown) => Promise<EnrollResponse>

export function createEnrolment(options: EnrolmentOptions): Enrolment {
  // One at a time for each key, so that a device that asks twice at once uses a token once.
  const underWay = new Map<string, Promise<EnrollResponse>>()
  const inTurn = createTurns()
  const { readSigningRequest = parseSigningRequest } = options
  return async (body) => {
    const request = parseEnrollRequest(body)
    const parsed = await readSigningRequest(request.request)
    if (!parsed.ok) throw badRequest(parsed.message)
    const { publicKey, publicKeyDigest } = parsed
    const before = underWay.get(publicKeyDigest)
    if (underWay.size >= enrolmentsUnderWayMax || before !== undefined)
      throw new ApiError('TooManyRequests', 'Too many devices enrol just now: try again.', {
        retryAfterSeconds: 1,
      })
    const attempt = enrollOne({ ...options, inTurn }, { ...request, publicKey, publicKeyDigest })
    underWay.set(publicKeyDigest, attempt)
    try {
      return await attempt
    } finally {
      underWay.delete(publicKeyDigest)
    }
  }
}

type Turns = <T>(work: () => Promise<T>) => Promise<T>

/**
 * One after the other: who knocks without a token has the whole lobby read, and anybody may knock. As
 * many as enrol at once wait at most.
 */
function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}

type Applicant = EnrollRequest & {
  readonly namespace: string
  readonly publicKey: Uint8Array<ArrayBuffer>
  readonly publicKeyDigest: string
}

async function enrollOne(
  options: EnrolmentOptions & { readonly inTurn: Turns },
  applicant: Applicant,
): Promise<EnrollResponse> {
  const { state, inTurn } = options
  let asked = await findRequest(state, applicant)
  const device = asked === undefined ? undefined : await deviceOf(state, asked)
  if (device?.spec.publicKeyDigest === applicant.publicKeyDigest)
    return welcome(options, applicant, device)
  if (asked?.status?.device !== undefined) {
    // The Device was removed, which revoked it. What approved it then does not count again.
    await state.delete(enrollmentRequestKind, keyOf(asked))
    asked = undefined
  }
  if (asked?.spec.approval === 'Denied')
    return { phase: 'Denied', message: asked.status?.message ?? 'A person denied this device.' }
  if (asked?.spec.approval !== 'Approved')
    asked =
      applicant.token === undefined
        ? (asked ?? (await inTurn(() => createPending(state, applicant))))
        : await approveByToken(options, applicant, asked)
  if (asked.spec.approval !== 'Approved') return wait(state, asked, waitingMessage(asked))
  const joined = await join(state, applicant, asked)
  return typeof joined === 'string'
    ? wait(state, asked, joined)
    : welcome(options, applicant, joined)
}

const requestName = (publicKeyDigest: string) => `device-${publicKeyDigest.slice(0, 20)}`
const keyOf = ({ metadata }: EnrollmentRequest) => ({
  namespace: metadata.namespace,
  name: metadata.name,
})
const waitingMessage = ({ metadata, spec }: EnrollmentRequest) =>
  `The device waits for approval: compare the key ${spec.publicKeyDigest.slice(0, 16)} and set spec.approval of the EnrollmentRequest ${metadata.name}.`

async function findRequest(
  state: State,
  { namespace, publicKeyDigest }: Applicant,
): Promise<EnrollmentRequest | undefined> {
  const name = requestName(publicKeyDigest)
  const found = await state.get(enrollmentRequestKind, { namespace, name })
  if (found !== undefined && found.spec.publicKeyDigest !== publicKeyDigest)
    throw new ApiError('Forbidden', `The EnrollmentRequest ${name} is for another key: delete it.`)
  return found
}

async function deviceOf(state: State, asked: EnrollmentRequest): Promise<Device | undefined> {
  const name = asked.status?.device
  const { namespace } = asked.metadata
  return name === undefined ? undefined : state.get(deviceKind, { namespace, name })
}

async function createPending(state: State, applicant: Applicant): Promise<EnrollmentRequest> {
  const { namespace } = applicant
  if ((await state.get(namespaceKind, { name: namespace })) === undefined)
    throw badRequest(`namespace: there is no namespace ${namespace}`)
  const { items } = await state.list(enrollmentRequestKind, { namespace })
  const waiting = items.filter((item) => item.spec.approval === undefined).length
  if (waiting >= pendingRequestsMax)
    throw new ApiError(
      'TooManyRequests',
      `${waiting} devices wait for approval in ${namespace} already: approve or delete some, or use a join token.`,
      { retryAfterSeconds: 60 },
    )
  return createRequest(state, applicant, {})
}

function createRequest(
  state: State,
  applicant: Applicant,
  approval: Partial<EnrollmentRequest['spec']>,
): Promise<EnrollmentRequest> {
  const { namespace, publicKeyDigest, request, site, hardware } = applicant
  return state.create(enrollmentRequestKind, {
    metadata: { name: requestName(publicKeyDigest), namespace },
    spec: {
      request,
      publicKeyDigest,
      hardware: { ...hardware },
      ...(site === undefined ? {} : { site }),
      ...approval,
    },
  })
}

/**
 * Counts a use of the token and writes the approval down, in this order: if the hub dies between the two,
 * a use is lost, but never gained.
 */
async function approveByToken(
  { state, clock }: EnrolmentOptions,
  applicant: Applicant,
  asked: EnrollmentRequest | undefined,
): Promise<EnrollmentRequest> {
  const { namespace, site, publicKeyDigest } = applicant
  const credential = parseJoinCredential(applicant.token!)
  if (credential === undefined) throw unknownToken()
  const { name, secret } = credential
  const question = {
    secret,
    site,
    siteOfOwn: `site-${publicKeyDigest.slice(0, 8)}`,
    nowMs: clock.now(),
  }
  const token = await state.get(joinTokenKind, { namespace, name })
  const approvedSite = decideToken(token, question)
  const isThere = (await state.get(siteKind, { namespace, name: approvedSite })) !== undefined
  if (!isThere && !token!.spec.createsSites)
    throw badRequest(`site: there is no site ${approvedSite}, and this token does not make sites`)
  // Who finds a token for many sites must not become the second device of one that works.
  if (token!.spec.sites.length === 0 && (await hasDevice(state, { namespace, approvedSite })))
    throw new ApiError(
      'Forbidden',
      `The site ${approvedSite} has a device already, and the join token ${name} names no sites: delete the Device, or make a token for this site with "skerry token create --site ${approvedSite}".`,
    )
  await useToken(state, token!, (current) => void decideToken(current, question), question.nowMs)
  const approval = { approval: 'Approved', joinToken: name, approvedSite } as const
  return asked === undefined
    ? createRequest(state, applicant, approval)
    : state.update(enrollmentRequestKind, { ...asked, spec: { ...asked.spec, ...approval } })
}

async function hasDevice(
  state: State,
  { namespace, approvedSite }: { readonly namespace: string; readonly approvedSite: string },
): Promise<boolean> {
  const { items } = await state.list(deviceKind, {
    namespace,
    fieldSelector: [{ path: 'spec.site', operator: '=', value: approvedSite }],
  })
  return items.length > 0
}

/** The Device of an approved request, or why there is none yet. */
async function join(
  state: State,
  applicant: Applicant,
  asked: EnrollmentRequest,
): Promise<Device | string> {
  const { namespace } = applicant
  const name = asked.spec.approvedSite ?? asked.spec.site
  if (name === undefined)
    return `The device is approved, but no site is named: set spec.approvedSite of the EnrollmentRequest ${asked.metadata.name}.`
  const token =
    asked.spec.joinToken === undefined
      ? undefined
      : await state.get(joinTokenKind, { namespace, name: asked.spec.joinToken })
  const site = await findOrCreateSite(state, { namespace, name }, token)
  if (site === undefined)
    return `The device is approved for the site ${name}, which does not exist: create it, or set spec.approvedSite.`
  const device = await findOrCreateDevice(state, site, applicant)
  await updateStatus(state, enrollmentRequestKind, keyOf(asked), () => ({
    phase: 'Approved',
    device: device.metadata.name,
    message: `The device joined the site ${name}.`,
  }))
  return device
}

async function wait(
  state: State,
  asked: EnrollmentRequest,
  message: string,
): Promise<EnrollResponse> {
  await updateStatus(state, enrollmentRequestKind, keyOf(asked), () => ({
    phase: 'Pending',
    message,
  }))
  return { phase: 'Pending', message }
}

async function welcome(
  options: EnrolmentOptions,
  { namespace, publicKey }: Applicant,
  device: Device,
): Promise<EnrollResponse> {
  const { state, authority, log } = options
  const site = await state.get(siteKind, { namespace, name: device.spec.site })
  if (site === undefined)
    throw new ApiError('Forbidden', `The site ${device.spec.site} of this device was deleted.`)
  const identity = {
    namespace,
    site: site.metadata.name,
    siteUid: site.metadata.uid,
    device: device.metadata.name,
  }
  const issued = await issueToDevice({ state, authority }, identity, publicKey)
  log.info('A device enrolled.', { namespace, site: identity.site, device: identity.device })
  return {
    phase: 'Approved',
    identity,
    certificate: issued.certificate,
    authority: authority.certificate,
    trustedKeys: options.trustedKeys(),
    gateway: options.gateway(),
  }
}
