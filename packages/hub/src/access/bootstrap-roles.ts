import { mastersGroup, viewersGroup } from '@skerry/api/api-token'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { PolicyRule } from '@skerry/api/kinds/rbac'
import { rbacGroup } from '@skerry/api/kinds/rbac-problems'
import { aggregateToAdmin, aggregateToEdit, aggregateToView, rule } from './kubernetes-rules.ts'

/** A cluster role that every hub has. */
export type BootstrapRole = {
  readonly name: string
  readonly rules?: readonly PolicyRule[]
  readonly labels?: Readonly<Record<string, string>>
  /** Its rules are those of the cluster roles with one of these labels. */
  readonly aggregates?: readonly string[]
}

/** A cluster role given to groups. */
export type BootstrapBinding = {
  readonly name: string
  readonly role: string
  readonly groups: readonly string[]
}

const ourGroup = 'skerry.dev'
const toViewer = 'rbac.skerry.dev/aggregate-to-viewer'
const to = (role: string) => `${rbacGroup}/aggregate-to-${role}`

const read = ['get', 'list', 'watch']
const write = ['create', 'delete', 'deletecollection', 'patch', 'update']

const paths = (verbs: string[], nonResourceURLs: string[]): PolicyRule => ({
  verbs,
  nonResourceURLs,
})

/** Kinds of ours that say who may get in: for administrators of a namespace. */
const forAdmins: ReadonlySet<string> = new Set(['jointokens', 'enrollmentrequests'])

/** What a kind has: itself, its status, and its own verbs. */
const resourcesOf = ({ plural, hasStatus, subresources }: AnyKind): string[] => [
  plural,
  ...(hasStatus ? [`${plural}/status`] : []),
  ...subresources.map((name) => `${plural}/${name}`),
]

const writableOf = ({ plural, subresources }: AnyKind): string[] => [
  plural,
  ...subresources.map((name) => `${plural}/${name}`),
]

export function bootstrapRoles(kinds: readonly AnyKind[]): readonly BootstrapRole[] {
  const ours = kinds.filter(({ group }) => group === ourGroup)
  const forEditors = ours.filter(({ plural }) => !forAdmins.has(plural))
  return [
    {
      name: 'cluster-admin',
      rules: [rule(['*'], ['*'], ['*']), paths(['*'], ['*'])],
    },
    { name: 'admin', aggregates: [to('admin')] },
    { name: 'edit', aggregates: [to('edit')], labels: { [to('admin')]: 'true' } },
    { name: 'view', aggregates: [to('view')], labels: { [to('edit')]: 'true' } },
    aggregated('system:aggregate-to-admin', to('admin'), aggregateToAdmin),
    aggregated('system:aggregate-to-edit', to('edit'), aggregateToEdit),
    aggregated('system:aggregate-to-view', to('view'), aggregateToView),
    aggregated('skerry:aggregate-to-admin', to('admin'), [
      rule(write, [ourGroup], ours.flatMap(writableOf)),
      rule(read, ['coordination.k8s.io'], ['leases']),
    ]),
    aggregated('skerry:aggregate-to-edit', to('edit'), [
      rule(write, [ourGroup], forEditors.flatMap(writableOf)),
    ]),
    aggregated('skerry:aggregate-to-view', to('view'), [
      rule(read, [ourGroup], ours.flatMap(resourcesOf)),
    ]),
    ...viewerRoles(kinds),
    ...systemRoles,
  ]
}

const aggregated = (name: string, label: string, rules: readonly PolicyRule[]): BootstrapRole => ({
  name,
  labels: { [label]: 'true' },
  rules,
})

/** Reading everything but secrets. RBAC cannot except anything, so what may be read is listed. */
function viewerRoles(kinds: readonly AnyKind[]): readonly BootstrapRole[] {
  const core = kinds.filter((kind) => kind.group === '' && resourceName(kind) !== 'secrets')
  const groups = new Set(kinds.map(({ group }) => group).filter((group) => group !== ''))
  return [
    { name: 'skerry-viewer', aggregates: [toViewer, to('view')] },
    aggregated('skerry:aggregate-to-viewer', toViewer, [
      rule(read, [''], core.flatMap(resourcesOf)),
      rule(read, [...groups].toSorted(), ['*']),
      paths(['get'], ['*']),
    ]),
  ]
}

const systemRoles: readonly BootstrapRole[] = [
  {
    name: 'system:discovery',
    rules: [
      paths(
        ['get'],
        [
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
          '/healthz',
          '/livez',
          '/openapi',
          '/openapi/*',
          '/readyz',
          '/version',
          '/version/',
        ],
      ),
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      rule(
        ['create'],
        ['authorization.k8s.io'],
        ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      ),
      rule(['create'], ['authentication.k8s.io'], ['selfsubjectreviews']),
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [paths(['get'], ['/healthz', '/livez', '/readyz', '/version', '/version/'])],
  },
  {
    name: 'system:monitoring',
    rules: [
      paths(
        ['get'],
        [
          '/healthz',
          '/healthz/*',
          '/livez',
          '/livez/*',
          '/metrics',
          '/metrics/slis',
          '/readyz',
          '/readyz/*',
        ],
      ),
    ],
  },
  {
    name: 'system:auth-delegator',
    rules: [
      rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
      rule(['create'], ['authorization.k8s.io'], ['subjectaccessreviews']),
    ],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      paths(
        ['get'],
        [
          '/.well-known/openid-configuration',
          '/.well-known/openid-configuration/',
          '/openid/v1/jwks',
          '/openid/v1/jwks/',
        ],
      ),
    ],
  },
  {
    name: 'system:certificates.k8s.io:kube-apiserver-client-approver',
    rules: [
      {
        ...rule(['approve'], ['certificates.k8s.io'], ['signers']),
        resourceNames: ['kubernetes.io/kube-apiserver-client'],
      },
    ],
  },
]

const authenticated = 'system:authenticated'

export const bootstrapBindings: readonly BootstrapBinding[] = [
  { name: 'cluster-admin', role: 'cluster-admin', groups: [mastersGroup] },
  { name: 'system:discovery', role: 'system:discovery', groups: [authenticated] },
  { name: 'system:basic-user', role: 'system:basic-user', groups: [authenticated] },
  {
    name: 'system:public-info-viewer',
    role: 'system:public-info-viewer',
    groups: [authenticated, 'system:unauthenticated'],
  },
  { name: 'system:monitoring', role: 'system:monitoring', groups: ['system:monitoring'] },
  {
    name: 'system:service-account-issuer-discovery',
    role: 'system:service-account-issuer-discovery',
    groups: ['system:serviceaccounts'],
  },
  { name: 'skerry-viewer', role: 'skerry-viewer', groups: [viewersGroup] },
]
