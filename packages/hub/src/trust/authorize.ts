import type { Attributes, Authorize, Decision } from '../api-server/authorization.ts'
import { devicesGroup } from './device-subject.ts'
import { mastersGroup, viewersGroup } from '@skerry/api/api-token'

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/** Whether somebody may do something on the API. Two groups until there is RBAC. */
export const authorize = ((user, attributes) => {
  // A device's certificate opens the device gateway; whatever else it claims to be, not the API.
  if (user.groups.includes(devicesGroup))
    return deny('certificates of devices open the device gateway only')
  if (user.groups.includes(mastersGroup)) return { allowed: true }
  if (attributes.type === 'path')
    return readVerbs.has(attributes.verb) ? { allowed: true } : deny('')
  if (!user.groups.includes(viewersGroup))
    return deny(`the user is in neither of the groups ${mastersGroup} and ${viewersGroup}`)
  return isReading(attributes)
    ? { allowed: true }
    : deny(`${viewersGroup} may read all but secrets`)
}) satisfies Authorize

const isReading = ({ verb, resource }: Extract<Attributes, { type: 'resource' }>) =>
  readVerbs.has(verb) && resource !== 'secrets'

const deny = (reason: string): Decision => ({ allowed: false, reason })
