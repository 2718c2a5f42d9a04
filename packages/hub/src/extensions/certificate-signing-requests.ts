import { toTimestamp } from '@skerry/base/clock'
import type { Clock } from '@skerry/base/clock'
import { mastersGroup } from '@skerry/api/api-token'
import {
  type CertificateSigningRequest,
  certificateSigningRequestKind as kind,
  clientSigner,
} from '@skerry/api/kinds/certificate-signing-request'
import type { KubeObject } from '@skerry/api/object'
import type { Problem } from '@skerry/api/problem'
import { ApiError, invalid } from '@skerry/api/status'
import type { Authorize, User } from '../api-server/authorization.ts'
import type { Admit, Extension } from '../api-server/extension.ts'
import { parseClientRequest } from '../trust/client-request.ts'
import { approvalProblems, statusProblems } from './signing-request-changes.ts'

export type SigningRequestOptions = {
  readonly authorize: Authorize
  readonly clock: Pick<Clock, 'now'>
}

type Status = CertificateSigningRequest['status']
type Conditions = NonNullable<Status['conditions']>

/** What may be asked for, who may approve it, and who may sign it. */
export function createSigningRequestExtension(options: SigningRequestOptions): Extension {
  return {
    admit: async (operation, object, before, { user }) => {
      if (operation === 'create') return admitCreate(object, user)
      // What was asked for stays as it was asked.
      return operation === 'update' && before !== undefined
        ? { ...object, spec: before['spec'] }
        : object
    },
    admitStatus: statusAdmission(options),
    statusParts: { approval: approvalAdmission(options) },
  }
}

async function admitCreate(object: KubeObject, user: User): Promise<KubeObject> {
  const given = (object['spec'] ?? {}) as Partial<CertificateSigningRequest['spec']>
  const { username: _, uid: __, groups: ___, extra: ____, ...asked } = given
  const spec = {
    ...asked,
    username: user.name,
    groups: [...user.groups],
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    ...(user.extra === undefined ? {} : { extra: user.extra }),
  }
  if (asked.signerName === clientSigner && typeof asked.request === 'string')
    await admitClientRequest(object, asked.request)
  return { ...object, spec }
}

/** Shape and PEM are looked at by the kind: only what is a request is opened here. */
async function admitClientRequest({ metadata }: KubeObject, request: string): Promise<void> {
  const pem = Buffer.from(request, 'base64').toString('utf8')
  if (!pem.includes('CERTIFICATE REQUEST-----')) return
  const parsed = await parseClientRequest(pem)
  const name = metadata.name ?? ''
  if (!parsed.ok)
    throw invalid(kind, name, [
      { path: 'spec.request', type: 'Invalid', value: request, message: parsed.message },
    ])
  if (parsed.request.organizations.includes(mastersGroup))
    throw refused(name, `use of ${clientSigner} signer with ${mastersGroup} group is not allowed`)
}

/** Approving writes conditions and nothing else; it takes the verb `approve` on the signer. */
function approvalAdmission({ authorize, clock }: SigningRequestOptions): Admit {
  return async (_operation, object, before, { user }) => {
    const stored = before as unknown as CertificateSigningRequest
    const { name } = stored.metadata
    const { signerName } = stored.spec
    if (!(await maySign(authorize, user, { verb: 'approve', signerName })))
      throw refused(name, `user not permitted to approve requests with signerName "${signerName}"`)
    const conditions = dated(object, stored, clock)
    const status = { ...stored.status, conditions }
    assertNoProblems(name, approvalProblems(status, stored.status))
    return { ...object, status }
  }
}

/** Who signs writes the certificate; it neither approves nor takes an approval back. */
function statusAdmission({ authorize, clock }: SigningRequestOptions): Admit {
  return async (_operation, object, before, { user }) => {
    const stored = before as unknown as CertificateSigningRequest
    const { name } = stored.metadata
    const { signerName } = stored.spec
    const { conditions: _, ...rest } = (object['status'] ?? {}) as Status
    const isSigning = rest.certificate !== stored.status.certificate
    if (isSigning && !(await maySign(authorize, user, { verb: 'sign', signerName })))
      throw refused(name, `user not permitted to sign requests with signerName "${signerName}"`)
    const conditions = dated(object, stored, clock)
    const status = conditions.length === 0 ? rest : { ...rest, conditions }
    assertNoProblems(name, statusProblems(status, stored.status))
    return { ...object, status }
  }
}

function assertNoProblems(name: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw invalid(kind, name, problems)
}

/** By the signer's name, or by all of its domain. */
async function maySign(
  authorize: Authorize,
  user: User,
  { verb, signerName }: { readonly verb: string; readonly signerName: string },
): Promise<boolean> {
  const asked = { type: 'resource', verb, group: 'certificates.k8s.io', version: '*' } as const
  const names = [signerName, `${signerName.split('/')[0]}/*`]
  for (const name of names) {
    const decision = await authorize(user, { ...asked, resource: 'signers', name })
    if (decision.allowed && decision.sites === undefined) return true
  }
  return false
}

/** The server says when something was decided, unless whoever decided says so. */
function dated(
  object: KubeObject,
  { status }: CertificateSigningRequest,
  clock: Pick<Clock, 'now'>,
): Conditions {
  const at = toTimestamp(clock.now())
  const given = (object['status'] as Status | undefined)?.conditions
  return (Array.isArray(given) ? given : []).map((condition) => {
    const old = status.conditions?.find(({ type }) => type === condition.type)
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? at,
      lastTransitionTime:
        condition.lastTransitionTime ??
        (old?.status === condition.status ? old.lastTransitionTime : undefined) ??
        at,
    }
  })
}

function refused(name: string, why: string): ApiError {
  return new ApiError(
    'Forbidden',
    `certificatesigningrequests.certificates.k8s.io "${name}" is forbidden: ${why}`,
    { name, group: kind.group, kind: kind.plural },
  )
}
