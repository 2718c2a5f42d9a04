import {
  type Write,
  bindingsPath,
  patch,
  post,
  ref,
  rolesPath,
  rule,
  teamBindings,
  teamRoles,
} from './access-peer-questions.ts'

const admin = 'admin'

/** What is no role and no binding, whoever writes it. */
export const faults: readonly Write[] = [
  post(admin, rolesPath, { metadata: { name: 'skt-x' }, rules: [{}] }),
  post(admin, rolesPath, { metadata: { name: 'skt-x' }, rules: [{ verbs: ['get'] }] }),
  post(admin, rolesPath, {
    metadata: { name: 'skt-x' },
    rules: [{ verbs: ['get'], apiGroups: [''] }],
  }),
  post(admin, rolesPath, {
    metadata: { name: 'skt-x' },
    rules: [{ verbs: ['get'], resources: ['a'] }],
  }),
  post(admin, rolesPath, {
    metadata: { name: 'skt-x' },
    rules: [{ apiGroups: [''], resources: ['a'] }],
  }),
  post(admin, rolesPath, {
    metadata: { name: 'skt-x' },
    rules: [{ ...rule('get', '-', 'a'), nonResourceURLs: ['/x'] }],
  }),
  post(admin, teamRoles, {
    metadata: { name: 'x' },
    rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
  }),
  post(admin, rolesPath, { metadata: { name: 'skt:A_b' }, rules: null }),
  post(admin, rolesPath, { metadata: { name: 'skt%x' } }),
  post(admin, rolesPath, { metadata: { name: '..' } }),
  post(admin, rolesPath, { metadata: { name: 'a/b' } }),
  post(admin, rolesPath, { metadata: { name: 'skt-x' }, aggregationRule: {} }),
  post(admin, rolesPath, {
    metadata: { name: 'skt-x' },
    aggregationRule: {
      clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }],
    },
  }),
  post(admin, bindingsPath, { metadata: { name: 'skt-x' } }),
  post(admin, bindingsPath, {
    metadata: { name: 'skt-x' },
    roleRef: { apiGroup: 'x', kind: 'Role', name: 'y' },
  }),
  post(admin, bindingsPath, {
    metadata: { name: 'skt-x' },
    roleRef: { kind: 'ClusterRole', name: 'view' },
  }),
  post(admin, bindingsPath, {
    metadata: { name: 'skt-x' },
    roleRef: ref('ClusterRole', ''),
    subjects: [
      { kind: 'User' },
      { kind: 'Foo', name: 'x' },
      { kind: 'User', apiGroup: 'x', name: 'u' },
      { kind: 'Group', apiGroup: 'x', name: 'u' },
      { kind: 'ServiceAccount', apiGroup: 'x', name: 'u', namespace: 'd' },
      { kind: 'ServiceAccount', name: 'u' },
    ],
  }),
  post(admin, teamBindings, { metadata: { name: 'x' }, roleRef: { kind: 'Foo', name: 'view' } }),
  post(admin, teamBindings, { metadata: { name: 'x' }, roleRef: { kind: 'Role', name: 'a%b' } }),
  post(admin, teamBindings, {
    metadata: { name: 'x' },
    roleRef: { kind: 'Role', name: 'a:b' },
    subjects: [{ kind: 'ServiceAccount', name: 'a' }],
  }),
  patch(admin, `${bindingsPath}/skt-reader-ann`, { roleRef: { name: 'view' } }),
]

const reviewsPath = '/apis/authorization.k8s.io/v1'
const review = (user: string, kind: string, body: object): Write =>
  post(user, `${reviewsPath}/${kind}`, body)
const about = { verb: 'get', resource: 'configmaps', namespace: 'skt-team' }
const local = 'namespaces/skt-team/localsubjectaccessreviews'

/** Questions, well and badly asked. */
export const reviews: readonly Write[] = [
  review(admin, 'subjectaccessreviews', {}),
  review(admin, 'subjectaccessreviews', { spec: { user: 'ed' } }),
  review(admin, 'subjectaccessreviews', { spec: { user: 'ed', resourceAttributes: {} } }),
  review(admin, 'subjectaccessreviews', { spec: { resourceAttributes: about } }),
  review(admin, 'subjectaccessreviews', {
    spec: { groups: ['editors'], resourceAttributes: about },
  }),
  review(admin, 'subjectaccessreviews', {
    spec: {
      user: 'ed',
      resourceAttributes: about,
      nonResourceAttributes: { verb: 'get', path: '/x' },
    },
  }),
  review(admin, 'subjectaccessreviews', {
    spec: { user: 'x', groups: ['system:masters'], resourceAttributes: about },
  }),
  review('ed', 'selfsubjectaccessreviews', { spec: { resourceAttributes: about } }),
  review('ed', 'selfsubjectaccessreviews', { spec: {} }),
  review('paul', 'selfsubjectaccessreviews', {
    spec: { nonResourceAttributes: { verb: 'get', path: '/version/zap/1' } },
  }),
  review('rev', local, { spec: { user: 'ed', resourceAttributes: about } }),
  review('rev', local, { spec: { user: 'ed', resourceAttributes: { ...about, namespace: '' } } }),
  review('rev', local, {
    spec: { user: 'ed', nonResourceAttributes: { verb: 'get', path: '/x' } },
  }),
  review('zed', local, { spec: { user: 'ed', resourceAttributes: about } }),
  review('zed', 'subjectaccessreviews', { spec: { user: 'ed', resourceAttributes: about } }),
  review('ed', 'selfsubjectrulesreviews', { spec: {} }),
]

/** Whose rules are listed. */
export const ruleReaders: readonly (readonly [user: string, namespace: string])[] = [
  ['zed', 'default'],
  ['ed', 'skt-team'],
  ['ed', 'default'],
  ['bob', 'default'],
  ['paul', 'default'],
  ['lou', 'skt-team'],
  ['ron', 'default'],
]
