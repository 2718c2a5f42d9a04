import type { AuditPolicy, AuditRule } from './audit-policy.ts'

const rule = (level: AuditRule['level'], more: Partial<AuditRule> = {}): AuditRule => ({
  level,
  users: [],
  userGroups: [],
  verbs: [],
  resources: [],
  namespaces: [],
  nonResourceURLs: [],
  omitStages: ['RequestReceived'],
  omitManagedFields: false,
  ...more,
})

const of = (group: string, ...resources: string[]) => ({ group, resources, resourceNames: [] })
const reads = ['get', 'list', 'watch']

/**
 * Who changed what, and who looked at a secret. Reads of everything else say little and would be most of
 * the file; a lease is renewed every few seconds, and events are a log themselves.
 */
export const defaultAuditPolicy: AuditPolicy = {
  rules: [
    rule('None', { nonResourceURLs: ['*'] }),
    rule('None', { resources: [of('', 'events'), of('events.k8s.io', 'events')] }),
    rule('None', { verbs: ['update', 'patch'], resources: [of('coordination.k8s.io', 'leases')] }),
    rule('Metadata', { verbs: reads, resources: [of('', 'secrets')] }),
    rule('None', { verbs: reads }),
    rule('None', { resources: [of('authorization.k8s.io'), of('authentication.k8s.io')] }),
    rule('Metadata'),
  ],
}
