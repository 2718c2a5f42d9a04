import { isDigest } from '@skerry/base/digest'

/** Where an OCI image is in a registry. */
export type ImageReference = {
  /** `https://host:port` */
  readonly registry: string
  readonly repository: string
  /** A tag or a digest. */
  readonly reference: string
}

/** `[host[:port]/]name[:tag][@digest]`, as container tools write it, or undefined. */
export function parseImageReference(text: string): ImageReference | undefined {
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0 || (digest !== undefined && !isDigest(digest))) return undefined
  const slash = named.indexOf('/')
  const first = slash < 0 ? '' : named.slice(0, slash)
  const hasHost = first === 'localhost' || /[.:]/.test(first)
  const host = hasHost ? first : 'docker.io'
  const rest = hasHost ? named.slice(slash + 1) : named
  const colon = rest.indexOf(':')
  const name = colon < 0 ? rest : rest.slice(0, colon)
  const tag = colon < 0 ? 'latest' : rest.slice(colon + 1)
  const isName = /^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(name)
  if (
    !isName ||
    !/^\w[\w.-]{0,127}$/.test(tag) ||
    !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/.test(host)
  )
    return undefined
  const isHub = host === 'docker.io'
  const isLocal = /^(localhost|127\.0\.0\.1)(:|$)/.test(host)
  return {
    registry: `${isLocal ? 'http' : 'https'}://${isHub ? 'registry-1.docker.io' : host}`,
    repository: isHub && !name.includes('/') ? `library/${name}` : name,
    reference: digest ?? tag,
  }
}
