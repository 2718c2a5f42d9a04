import type { DeviceIdentity } from '@skerry/api/device-protocol'

/** The organization in the certificate of every device. */
export const devicesGroup = 'skerry:devices'

/** Who a device is, as the URI in its certificate: `skerry:NAMESPACE/SITE/DEVICE?uid=SITEUID`. */
export function identityUri(identity: DeviceIdentity): string {
  const { namespace, site, device, siteUid } = identity
  return `skerry:${namespace}/${site}/${device}?uid=${siteUid}`
}

const uriPattern =
  /^skerry:(?<namespace>[-a-z0-9]{1,63})\/(?<site>[-.a-z0-9]{1,253})\/(?<device>[-.a-z0-9]{1,253})\?uid=(?<siteUid>[-0-9A-Za-z]{1,64})$/

export function parseIdentityUri(uri: string): DeviceIdentity | undefined {
  const groups = uriPattern.exec(uri)?.groups
  if (groups === undefined) return undefined
  return {
    namespace: groups['namespace']!,
    site: groups['site']!,
    device: groups['device']!,
    siteUid: groups['siteUid']!,
  }
}
