import type { User } from '../api-server/authorization.ts'

/** Names and groups that mean something to everybody, as in Kubernetes. */
export const authenticatedGroup = 'system:authenticated'
export const unauthenticatedGroup = 'system:unauthenticated'
export const anonymousName = 'system:anonymous'
export const serviceAccountsGroup = 'system:serviceaccounts'

/** Where it is said by which credential somebody came. */
export const credentialKey = 'authentication.kubernetes.io/credential-id'

export const anonymousUser: User = { name: anonymousName, groups: [unauthenticatedGroup] }

/** Whoever has proved who they are is in one group. */
export function withAuthenticated(user: User): User {
  return user.groups.includes(authenticatedGroup)
    ? user
    : { ...user, groups: [...user.groups, authenticatedGroup] }
}

export function serviceAccountName(account: { namespace: string; name: string }): string {
  return `system:serviceaccount:${account.namespace}:${account.name}`
}

const serviceAccountPattern =
  /^system:serviceaccount:(?<namespace>[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?):(?<name>[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)$/

/** The service account of which a user's name speaks, if of any. */
export function parseServiceAccountName(
  name: string,
): { readonly namespace: string; readonly name: string } | undefined {
  const groups = serviceAccountPattern.exec(name)?.groups
  return groups && { namespace: groups['namespace']!, name: groups['name']! }
}

export function serviceAccountGroups(namespace: string): string[] {
  return [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`]
}
