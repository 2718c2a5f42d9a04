import { toTimestamp } from '@skerry/base/clock'
import { apiVersionOf } from '@skerry/api/kind'
import { type Device, deviceKind } from '@skerry/api/kinds/device'
import { type JoinToken, joinTokenKind } from '@skerry/api/kinds/enrolment'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import type { DeviceIdentity } from '@skerry/api/device-protocol'
import type { State } from '@skerry/api/state'
import { ApiError, isApiError } from '@skerry/api/status'
import { updateStatus } from '@skerry/controller/update-status'
import type { Authority, IssuedCertificate } from '../trust/authority.ts'

/** The site, made if the token that let the device in makes sites; undefined if there is none. */
export async function findOrCreateSite(
  state: State,
  key: { readonly namespace: string; readonly name: string },
  token: JoinToken | undefined,
): Promise<Site | undefined> {
  const found = await state.get(siteKind, key)
  if (found !== undefined || token?.spec.createsSites !== true) return found
  try {
    const labels = token.spec.siteLabels
    return await state.create(siteKind, { metadata: { ...key, labels }, spec: {} })
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
    return state.get(siteKind, key)
  }
}

export type NewDevice = {
  readonly publicKeyDigest: string
  readonly hardware: Readonly<Record<string, string>>
}

/** The Device of a key at a site. It goes when the site goes, and with it its certificate. */
export async function findOrCreateDevice(
  state: State,
  site: Site,
  { publicKeyDigest, hardware }: NewDevice,
): Promise<Device> {
  const namespace = site.metadata.namespace!
  const name = `${site.metadata.name.slice(0, 200)}-${publicKeyDigest.slice(0, 10)}`
  const owner = {
    apiVersion: apiVersionOf(siteKind),
    kind: siteKind.kind,
    name: site.metadata.name,
    uid: site.metadata.uid,
  }
  try {
    return await state.create(deviceKind, {
      metadata: { name, namespace, ownerReferences: [owner] },
      spec: { site: site.metadata.name, publicKeyDigest, hardware: { ...hardware } },
    })
  } catch (error) {
    const found = isApiError(error, 'AlreadyExists')
      ? await state.get(deviceKind, { namespace, name })
      : undefined
    if (found?.spec.publicKeyDigest !== publicKeyDigest) throw error
    return found
  }
}

/** Counts one use of a token, however many hubs count at once; `check` throws when it may not be used. */
export async function useToken(
  state: State,
  token: JoinToken,
  check: (token: JoinToken) => void,
  nowMs: number,
): Promise<void> {
  const { namespace, name } = token.metadata
  const used = await updateStatus(state, joinTokenKind, { namespace, name }, (current) => {
    check(current)
    return {
      uses: (current.status?.uses ?? 0) + 1,
      lastUsedTime: toTimestamp(nowMs),
    }
  })
  if (used === undefined) throw new ApiError('Forbidden', `The join token ${name} was deleted.`)
}

/** Issues a certificate to a Device and notes it there. */
export async function issueToDevice(
  { state, authority }: { readonly state: State; readonly authority: Authority },
  identity: DeviceIdentity,
  publicKey: Uint8Array<ArrayBuffer>,
): Promise<IssuedCertificate> {
  const issued = await authority.issueDevice(identity, publicKey)
  const key = { namespace: identity.namespace, name: identity.device }
  const noted = await updateStatus(state, deviceKind, key, () => ({
    certificate: {
      serialNumber: issued.serialNumber,
      notAfter: toTimestamp(issued.notAfterMs),
    },
  }))
  if (noted === undefined)
    throw new ApiError(
      'Forbidden',
      `The device ${key.namespace}/${key.name} was removed: enrol again to come back.`,
    )
  return issued
}
