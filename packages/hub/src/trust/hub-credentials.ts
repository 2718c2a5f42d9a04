import { X509Certificate } from 'node:crypto'
import type { HubCredentials } from '../controllers/hub-controllers.ts'
import type { Authority } from './authority.ts'
import { parseClientRequest } from './client-request.ts'
import { clientCertificateLifeMs } from './limits.ts'
import type { ServiceAccountKeys } from './service-account-keys.ts'
import { signSecretToken } from './service-account-tokens.ts'
import { mastersGroup } from '@skerry/api/api-token'

/** What controllers may have the hub's keys do. */
export function hubCredentials(parts: {
  readonly authority: Pick<Authority, 'certificate' | 'issueClient'>
  readonly accountKeys: ServiceAccountKeys
}): HubCredentials {
  const { authority, accountKeys } = parts
  return {
    rootCertificate: authority.certificate,
    signSecretToken: (order) => signSecretToken(accountKeys, order),
    async signClient(pem, seconds = clientCertificateLifeMs / 1000) {
      const parsed = await parseClientRequest(pem)
      if (!parsed.ok) return parsed
      // Refused at the door already; whoever has a hand on the database comes no further.
      if (parsed.request.organizations.includes(mastersGroup))
        return { ok: false, message: `nobody is put into ${mastersGroup} by a request` }
      const lifeMs = Math.min(seconds * 1000, clientCertificateLifeMs)
      const { certificate } = await authority.issueClient(parsed.request, lifeMs)
      return { ok: true, certificate }
    },
    notAfterOf: (pem) => endOf(pem),
  }
}

/** Whoever signs for another signer may write what is no certificate: it never ends. */
function endOf(pem: string): number {
  try {
    return new X509Certificate(pem).validToDate.getTime()
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

const nobody = () => {
  throw new Error('Broken assumption: nothing is signed where nothing runs')
}

/** For those who only read what controllers declare. */
export const noCredentials: HubCredentials = {
  rootCertificate: '',
  signSecretToken: nobody,
  signClient: nobody,
  notAfterOf: nobody,
}
