import { mastersGroup, viewersGroup } from '@skerry/api/api-token'
import { createApiToken } from '@skerry/artifact/create-api-token'
import { systemClock } from '@skerry/base/clock'
import { CommandError, exitCodes } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'

export const apiTokenRoles = { admin: mastersGroup, viewer: viewersGroup } as const

/** `skerry token create-api USER`: a bearer token for a person or a script, shown this once. */
export function createUserToken(
  hub: HubAccess,
  options: { readonly user: string; readonly role: string; readonly validForMs: number },
): Promise<string> {
  const { user, role, validForMs } = options
  if (role !== 'admin' && role !== 'viewer')
    throw new CommandError(`--role ${role}: use admin or viewer`, exitCodes.usage)
  return createApiToken(hub.state, {
    name: user,
    groups: [apiTokenRoles[role]],
    expiresAtMs: systemClock.now() + validForMs,
  })
}
