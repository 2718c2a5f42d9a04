/** Where the hub keeps what is its own. */
export const systemNamespace = 'skerry-system'

/** Bearer tokens of the API are Secrets of this type, in the hub's own namespace; they hold only a digest. */
export const apiTokenType = 'skerry.dev/api-token'

/** May do everything, as in Kubernetes. */
export const mastersGroup = 'system:masters'
/** May read everything but secrets. */
export const viewersGroup = 'skerry:viewers'

const tokenPattern = /^skt_(?<id>[0-9a-f]{16})_(?<secret>[0-9a-f]{40})$/

/** The parts of a bearer token, or undefined if it is none of ours. */
export function parseApiToken(
  token: string,
): { readonly secretName: string; readonly secret: string } | undefined {
  const parts = tokenPattern.exec(token)?.groups
  return parts && { secretName: apiTokenSecretName(parts['id']!), secret: parts['secret']! }
}

export function formatApiToken(id: string, secret: string): string {
  return `skt_${id}_${secret}`
}

export function apiTokenSecretName(id: string): string {
  return `api-token-${id}`
}
