import type { Attributes, User } from '../api-server/authorization.ts'
import { seatsTotal } from './limits.ts'

/** Requests of a sort, which do not wait for those of another. */
export type FlowClass = {
  /** As in a kube-apiserver, where there is one of that name. */
  readonly name: string
  readonly seats: number
}

const shared = (name: string, part: number): FlowClass => ({
  name,
  seats: Math.floor(seatsTotal * part),
})

/** Devices are in none of them: they have a port and a budget of their own. */
export const flowClasses = {
  leaderElection: shared('leader-election', 0.1),
  system: shared('system', 0.2),
  people: shared('global-default', 0.3),
  workload: shared('workload-low', 0.3),
  catchAll: shared('catch-all', 0.1),
} as const

/** Service accounts of these namespaces run the installation itself. */
const systemAccounts = [
  'system:serviceaccount:kube-system:',
  'system:serviceaccount:skerry-system:',
]

/**
 * In which class a request waits. An administrator is one of the people: whoever floods the hub most
 * often does so with an administrator's kubeconfig, and health checks do not come here at all.
 */
export function flowClassOf(user: User, attributes: Attributes): FlowClass {
  if (attributes.type === 'resource') {
    const { group, resource, verb } = attributes
    const isElection = group === 'coordination.k8s.io' && resource === 'leases'
    if (isElection && (verb === 'get' || verb === 'create' || verb === 'update'))
      return flowClasses.leaderElection
  } else if (attributes.path === '/metrics') return flowClasses.system
  if (user.name.startsWith('system:serviceaccount:'))
    return systemAccounts.some((prefix) => user.name.startsWith(prefix))
      ? flowClasses.system
      : flowClasses.workload
  if (user.name === 'system:anonymous') return flowClasses.catchAll
  return user.name.startsWith('system:') ? flowClasses.system : flowClasses.people
}
