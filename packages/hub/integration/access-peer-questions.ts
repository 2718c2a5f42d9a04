/** Roles and bindings that both servers are given, and what is asked of both. */

const rbac = 'rbac.authorization.k8s.io'

type Rule = {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export const rule = (verbs: string, groups: string, resources: string, names?: string): Rule => ({
  verbs: verbs.split(','),
  apiGroups: groups.split(',').map((group) => (group === '-' ? '' : group)),
  resources: resources.split(','),
  ...(names === undefined ? {} : { resourceNames: names.split(',') }),
})

const clusterRoles: Readonly<Record<string, readonly Rule[]>> = {
  reader: [rule('get,list,watch', '-', 'configmaps,namespaces')],
  'one-name': [rule('get,update,delete,list,watch', '-', 'configmaps', 'a,b')],
  scaler: [rule('get,update', '-,apps', '*/scale')],
  'status-patcher': [rule('patch', '-', 'namespaces/status')],
  'all-core': [rule('*', '-', '*')],
  'any-group': [rule('get', '*', 'configmaps')],
  'star-part': [rule('get', '-', 'configmaps/*')],
  paths: [{ verbs: ['get'], nonResourceURLs: ['/version/zap/*', '/metrics', '/version/custom*'] }],
  roler: [
    rule(
      'create,update,patch,get,delete',
      rbac,
      'roles,rolebindings,clusterroles,clusterrolebindings',
    ),
  ],
  binder: [
    rule('create,update', rbac, 'rolebindings'),
    rule('bind', rbac, 'clusterroles', 'reader'),
  ],
  escalator: [
    rule('create,update,patch,get', rbac, 'clusterroles'),
    rule('escalate', rbac, 'clusterroles', 'narrow'),
  ],
  narrow: [rule('get', '-', 'configmaps')],
  reviewer: [rule('create', 'authorization.k8s.io', '*')],
}

const clusterBindings: readonly (readonly [role: string, kind: string, name: string])[] = [
  ['reader', 'User', 'ann'],
  ['one-name', 'User', 'bob'],
  ['scaler', 'Group', 'scalers'],
  ['status-patcher', 'User', 'pat'],
  ['all-core', 'User', 'corey'],
  ['any-group', 'User', 'gus'],
  ['star-part', 'User', 'stan'],
  ['paths', 'User', 'paul'],
  ['roler', 'User', 'ron'],
  ['reader', 'User', 'ron'],
  ['binder', 'User', 'bea'],
  ['escalator', 'User', 'esc'],
  ['gone', 'User', 'dan'],
  ['reviewer', 'User', 'rev'],
]

export const ref = (kind: string, name: string) => ({ apiGroup: rbac, kind, name })
const subjectOf = (kind: string, name: string) => {
  const [namespace, own] = name.split('/')
  return kind === 'ServiceAccount' ? { kind, namespace, name: own } : { kind, apiGroup: rbac, name }
}

export type Thing = { readonly path: string; readonly body: object }

const at = (plural: string, namespace?: string): string =>
  `/apis/${rbac}/v1/${namespace === undefined ? '' : `namespaces/${namespace}/`}${plural}`

/** Names begin with `skt-`, so that they are told apart from what a server has of its own. */
export const things: readonly Thing[] = [
  { path: '/api/v1/namespaces', body: { metadata: { name: 'skt-team' } } },
  ...Object.entries(clusterRoles).map(([name, rules]) => ({
    path: at('clusterroles'),
    body: { metadata: { name: `skt-${name}` }, rules },
  })),
  ...clusterBindings.map(([role, kind, name]) => ({
    path: at('clusterrolebindings'),
    body: {
      metadata: { name: `skt-${role}-${name}` },
      roleRef: ref('ClusterRole', `skt-${role}`),
      subjects: [subjectOf(kind, name)],
    },
  })),
  {
    path: at('roles', 'skt-team'),
    body: {
      metadata: { name: 'editor' },
      rules: [rule('*', '-', 'configmaps'), rule('get', '-', 'namespaces')],
    },
  },
  {
    path: at('rolebindings', 'skt-team'),
    body: {
      metadata: { name: 'editors' },
      roleRef: ref('Role', 'editor'),
      subjects: [
        subjectOf('User', 'ed'),
        subjectOf('Group', 'editors'),
        subjectOf('ServiceAccount', 'skt-team/builder'),
      ],
    },
  },
  {
    path: at('rolebindings', 'skt-team'),
    body: {
      metadata: { name: 'readers' },
      roleRef: ref('ClusterRole', 'skt-reader'),
      subjects: [subjectOf('User', 'rob')],
    },
  },
  {
    path: at('rolebindings', 'skt-team'),
    body: {
      metadata: { name: 'lost' },
      roleRef: ref('Role', 'lost'),
      subjects: [subjectOf('User', 'lou')],
    },
  },
]

/** `user[+group] verb group resource[/subresource] [namespace/]name`, with - for what is absent; or a path. */
export const questions: readonly string[] = [
  'ann get - configmaps -',
  'ann get - configmaps default/a',
  'ann list - configmaps default/-',
  'ann watch - configmaps -',
  'ann create - configmaps default/-',
  'ann delete - configmaps default/a',
  'ann get - secrets default/a',
  'ann get - configmaps/status default/a',
  'ann get apps configmaps default/a',
  'ann get - namespaces -/skt-team',
  'ann * - configmaps -',
  'ann get * configmaps -',
  'ann get - * -',
  'bob get - configmaps default/a',
  'bob get - configmaps default/b',
  'bob get - configmaps default/c',
  'bob get - configmaps default/A',
  'bob list - configmaps default/-',
  'bob update - configmaps default/a',
  'bob patch - configmaps default/a',
  'bob create - configmaps default/-',
  'zed+scalers get apps deployments/scale default/a',
  'zed+scalers update - replicationcontrollers/scale default/a',
  'zed+scalers get apps deployments default/a',
  'zed+scalers get batch jobs/scale default/a',
  'zed+scalers patch apps deployments/scale default/a',
  'zed get apps deployments/scale default/a',
  'pat patch - namespaces/status -/default',
  'pat patch - namespaces -/default',
  'pat update - namespaces/status -/default',
  'corey get - secrets default/a',
  'corey delete - namespaces -/x',
  'corey get - pods/log default/a',
  'corey deletecollection - configmaps default/-',
  'corey get apps deployments default/a',
  'corey impersonate - users -/ann',
  'gus get - configmaps default/a',
  'gus get apps configmaps default/a',
  'gus get nothing.example configmaps default/a',
  'gus list - configmaps default/-',
  'stan get - configmaps/x default/a',
  'stan get - configmaps default/a',
  'stan get - configmaps/* default/a',
  'paul get /version/zap/',
  'paul get /version/zap/a/b',
  'paul get /version/zap',
  'paul get /version/custom',
  'paul get /version/customary',
  'paul get /version/cust',
  'paul post /version/zap/a',
  'paul get /metrics',
  'zed get /metrics',
  'zed get /version/nothing',
  'ed get - configmaps skt-team/a',
  'ed deletecollection - configmaps skt-team/-',
  'ed get - configmaps default/a',
  'ed list - configmaps -',
  'ed get - namespaces skt-team/skt-team',
  'zed+editors list - configmaps skt-team/-',
  'system:serviceaccount:skt-team:builder list - configmaps skt-team/-',
  'system:serviceaccount:skt-team:other list - configmaps skt-team/-',
  'system:serviceaccount:default:builder list - configmaps skt-team/-',
  'rob list - configmaps skt-team/-',
  'rob list - configmaps default/-',
  'rob get - secrets skt-team/a',
  'lou get - configmaps skt-team/a',
  'lou get - configmaps default/a',
  'dan get - configmaps default/a',
  'dan list - secrets -',
  'zed list - events skt-team/-',
  'zed create coordination.k8s.io leases default/-',
  'zed create authorization.k8s.io subjectaccessreviews -',
  'rev create authorization.k8s.io localsubjectaccessreviews skt-team/-',
]

const role = (name: string, rules: readonly Rule[]) => ({ metadata: { name }, rules })
const binding = (name: string, kind: string, to: string) => ({
  metadata: { name },
  roleRef: ref(kind, to),
  subjects: [subjectOf('User', 'x')],
})
export const rolesPath = at('clusterroles')
export const bindingsPath = at('clusterrolebindings')
export const teamRoles = at('roles', 'skt-team')
export const teamBindings = at('rolebindings', 'skt-team')

export type Write = {
  readonly user: string
  readonly groups?: readonly string[]
  readonly method: string
  readonly path: string
  readonly body: object
}

export const post = (user: string, path: string, body: object): Write => ({
  user,
  method: 'POST',
  path,
  body,
})
export const patch = (user: string, path: string, body: object): Write => ({
  user,
  method: 'PATCH',
  path,
  body,
})

/** Who gives what they have not; all with dryRun. */
export const grants: readonly Write[] = [
  post('ron', rolesPath, role('skt-new', [rule('get,list', '-', 'configmaps')])),
  post('ron', rolesPath, role('skt-new', [rule('get', '-', 'configmaps', 'a')])),
  post('ron', rolesPath, role('skt-new', [rule('get,delete', '-', 'configmaps,secrets')])),
  post('ron', rolesPath, role('skt-new', [rule('*', '-', 'configmaps')])),
  post('ron', rolesPath, role('skt-new', [rule('get', '*', 'configmaps')])),
  post('ron', rolesPath, role('skt-new', [rule('get', '-', '*'), rule('get', 'apps', '*/scale')])),
  post(
    'ron',
    rolesPath,
    role('skt-new', [{ verbs: ['get', 'post'], nonResourceURLs: ['/x', '/y/*'] }]),
  ),
  post(
    'ron',
    rolesPath,
    role('skt-new', [rule('get,get', 'zz,aa', 'c,b', 'n'), rule('list', 'zz,aa', 'c,b', 'n')]),
  ),
  post(
    'ron',
    rolesPath,
    role('skt-new', [rule('get', '-', 'secrets', 'b,a'), rule('get', '-', 'secrets')]),
  ),
  post('ron', rolesPath, {
    ...role('skt-new', []),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  }),
  {
    ...post('ron', rolesPath, role('skt-new', [rule('get', '-', 'secrets')])),
    groups: ['g9', 'h"9'],
  },
  post('ron', teamRoles, role('new', [rule('get', '-', 'configmaps')])),
  post('ron', teamRoles, role('new', [rule('get', '-', 'secrets')])),
  post('ron', bindingsPath, binding('skt-new', 'ClusterRole', 'skt-reader')),
  post('ron', bindingsPath, binding('skt-new', 'ClusterRole', 'cluster-admin')),
  post('ron', bindingsPath, binding('skt-new', 'ClusterRole', 'skt-nothing')),
  post('ron', teamBindings, binding('new', 'ClusterRole', 'skt-reader')),
  post('ron', teamBindings, binding('new', 'Role', 'editor')),
  post('ron', teamBindings, binding('new', 'Role', 'nothing')),
  post('ed', teamBindings, binding('new', 'Role', 'editor')),
  post('bea', teamBindings, binding('new', 'ClusterRole', 'skt-reader')),
  post('bea', teamBindings, binding('new', 'ClusterRole', 'skt-narrow')),
  post('bea', bindingsPath, binding('skt-new', 'ClusterRole', 'skt-reader')),
  post('esc', rolesPath, role('skt-new', [rule('get', '-', 'secrets')])),
  patch('esc', `${rolesPath}/skt-narrow`, { rules: [rule('get', '-', 'secrets')] }),
  patch('esc', `${rolesPath}/skt-reader`, { rules: [rule('get', '-', 'secrets')] }),
  patch('ron', `${rolesPath}/skt-scaler`, { metadata: { labels: { a: 'b' } } }),
  patch('ron', `${rolesPath}/skt-reader`, { metadata: { labels: { a: 'b' } } }),
  patch('ron', `${rolesPath}/skt-scaler`, { metadata: { finalizers: ['a/b'] } }),
  patch('ron', `${bindingsPath}/skt-scaler-scalers`, { subjects: [] }),
  patch('ron', `${bindingsPath}/skt-reader-ann`, { subjects: [subjectOf('User', 'y')] }),
  patch('ron', `${bindingsPath}/skt-reader-ann`, { roleRef: { name: 'skt-roler' } }),
]
