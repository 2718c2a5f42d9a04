import type { Clock } from '@skerry/base/clock'
import { toTimestamp } from '@skerry/base/clock'
import {
  type CertificateSigningRequest,
  certificateSigningRequestKind,
  clientSigner,
} from '@skerry/api/kinds/certificate-signing-request'
import { isApiError } from '@skerry/api/status'
import { type Controller, type View, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { signingRequestEndMs } from './signing-request-end.ts'

export type SignClientResult =
  | { readonly ok: true; readonly certificate: string }
  | { readonly ok: false; readonly message: string }

export type CertificateSigningOptions = {
  /** Signs a request (PEM); absent seconds: for as long as the hub grants. */
  readonly signClient: (pem: string, seconds: number | undefined) => Promise<SignClientResult>
  /** When a certificate (PEM) ends, milliseconds since 1970. */
  readonly notAfterOf: (pem: string) => number
  readonly clock: Clock
}

/** Signs the requests for client certificates that somebody approved, and forgets what is over. */
export function createCertificateSigningController(options: CertificateSigningOptions): Controller {
  return {
    name: 'certificate-signing',
    reads: [reads(certificateSigningRequestKind, ({ metadata }) => [metadata.name])],
    owns: [
      [certificateSigningRequestKind, 'conditions'],
      [certificateSigningRequestKind, 'certificate'],
    ],
    reconcile: async (name, view) => {
      const found = await view.state.get(certificateSigningRequestKind, { name })
      if (found === undefined) return undefined
      const request = shouldSign(found) ? await sign(found, view, options) : found
      if (request === undefined) return undefined
      const { certificate } = request.status
      const endsMs = signingRequestEndMs(
        request,
        certificate === undefined ? undefined : options.notAfterOf(textOf(certificate)),
      )
      const leftMs = endsMs - options.clock.now()
      if (leftMs > 0) return { againAfterMs: leftMs }
      await remove(view, request)
      return undefined
    },
  }
}

function shouldSign({ spec, status }: CertificateSigningRequest): boolean {
  const types = (status.conditions ?? []).map(({ type }) => type)
  return (
    spec.signerName === clientSigner &&
    status.certificate === undefined &&
    types.includes('Approved') &&
    !types.includes('Denied') &&
    !types.includes('Failed')
  )
}

const clientUsages = new Set(['client auth', 'digital signature', 'key encipherment'])

async function sign(
  { metadata, spec }: CertificateSigningRequest,
  { state }: View,
  { signClient, clock }: CertificateSigningOptions,
): Promise<CertificateSigningRequest | undefined> {
  const isForClients =
    spec.usages.includes('client auth') && spec.usages.every((usage) => clientUsages.has(usage))
  const result: SignClientResult = isForClients
    ? await signClient(textOf(spec.request), spec.expirationSeconds)
    : { ok: false, message: `invalid usages for client certificate: ${spec.usages.join(', ')}` }
  const at = toTimestamp(clock.now())
  return updateStatus(
    state,
    certificateSigningRequestKind,
    { name: metadata.name },
    ({ status, metadata: { uid } }) => {
      if (uid !== metadata.uid) return undefined
      if (result.ok) return { certificate: Buffer.from(result.certificate).toString('base64') }
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: result.message,
        lastUpdateTime: at,
        lastTransitionTime: at,
      }
      return { conditions: [...(status.conditions ?? []), failed] }
    },
  )
}

async function remove({ state }: View, { metadata }: CertificateSigningRequest): Promise<void> {
  const { uid, resourceVersion } = metadata
  const preconditions = { uid, resourceVersion }
  try {
    await state.delete(certificateSigningRequestKind, metadata, { preconditions })
  } catch (thrown) {
    // A change wakes us again.
    if (!isApiError(thrown, 'NotFound', 'Conflict')) throw thrown
  }
}

const textOf = (base64: string) => Buffer.from(base64, 'base64').toString('utf8')
