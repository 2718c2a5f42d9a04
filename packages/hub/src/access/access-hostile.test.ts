import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterRoleBindingKind, clusterRoleKind } from '@skerry/api/kinds/rbac'
import { rbacGroup, siteSelectorAnnotation } from '@skerry/api/kinds/rbac-problems'
import { openAccessRig } from './testing/access-rig.ts'

const rbac = `/apis/${rbacGroup}/v1`
const reviews = '/apis/authorization.k8s.io/v1'
const ref = { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'view' }
const many = Array.from({ length: 200 }, (_, index) => `n${index}`)

const nothings: readonly unknown[] = [null, 5, '', 'x', [], [null], [[]], {}, { verbs: null }, true]

const roles = (): object[] => [
  ...nothings.map((rules) => ({ metadata: { name: 'x' }, rules })),
  ...nothings.map((one) => ({ metadata: { name: 'x' }, rules: [one] })),
  ...nothings.map((verbs) => ({
    metadata: { name: 'x' },
    rules: [{ verbs, apiGroups: verbs, resources: verbs, nonResourceURLs: verbs }],
  })),
  ...nothings.map((aggregationRule) => ({ metadata: { name: 'x' }, aggregationRule })),
  ...nothings.map((one) => ({
    metadata: { name: 'x' },
    aggregationRule: { clusterRoleSelectors: [one, { matchExpressions: one, matchLabels: one }] },
  })),
  { metadata: { name: 'x'.repeat(10_000) }, rules: [] },
  { metadata: { name: '__proto__' }, rules: [{ verbs: ['__proto__'], nonResourceURLs: ['*'] }] },
]

const bindings = (): object[] => [
  ...nothings.map((roleRef) => ({ metadata: { name: 'x' }, roleRef })),
  ...nothings.map((one) => ({ metadata: { name: 'x' }, roleRef: { kind: one, name: one } })),
  ...nothings.map((subjects) => ({ metadata: { name: 'x' }, roleRef: ref, subjects })),
  ...nothings.map((one) => ({
    metadata: { name: 'x' },
    roleRef: ref,
    subjects: [one, { kind: one, name: one, namespace: one, apiGroup: one }],
  })),
  ...[...nothings, 'a='.repeat(100_000), 'a in (', ',', '!', 'a,'.repeat(400), '__proto__'].map(
    (selector) => ({
      metadata: { name: 'x', annotations: { [siteSelectorAnnotation]: selector } },
      roleRef: ref,
    }),
  ),
]

const questions = (): object[] => [
  ...nothings.map((spec) => ({ spec })),
  ...nothings.map((one) => ({ spec: { user: one, groups: one, extra: one, uid: one } })),
  ...nothings.map((one) => ({ spec: { user: 'x', resourceAttributes: one } })),
  ...nothings.map((one) => ({
    spec: { user: 'x', nonResourceAttributes: { path: one, verb: one } },
  })),
  ...nothings.map((metadata) => ({ metadata, spec: { user: 'x', resourceAttributes: {} } })),
  {
    spec: { user: '__proto__', resourceAttributes: { verb: 'constructor', resource: '__proto__' } },
  },
  { spec: { user: 'x'.repeat(100_000), groups: many, resourceAttributes: { verb: '*' } } },
]

test('whatever is sent, the answer is one that a client understands', async () => {
  await using rig = await openAccessRig()
  await rig.state.create(clusterRoleKind, {
    metadata: { name: 'writer' },
    rules: [
      { verbs: ['create'], apiGroups: [rbacGroup], resources: ['*'] },
      { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['*'] },
    ],
  })
  await rig.state.create(clusterRoleBindingKind, {
    metadata: { name: 'writer' },
    roleRef: { ...ref, name: 'writer' },
    subjects: [{ kind: 'User', name: 'eve', apiGroup: rbacGroup }],
  })
  const eve = { path: `${reviews}/subjectaccessreviews`, body: { spec: {} } }
  await rig.until(async () => (await rig.as('eve', 'POST', eve.path, eve)).code === 422)
  const sent: readonly (readonly [string, object[]])[] = [
    [`${rbac}/clusterroles?dryRun=All`, roles()],
    [`${rbac}/namespaces/default/roles?dryRun=All`, roles()],
    [`${rbac}/clusterrolebindings?dryRun=All`, bindings()],
    [`${rbac}/namespaces/default/rolebindings?dryRun=All`, bindings()],
    [`${reviews}/subjectaccessreviews`, questions()],
    [`${reviews}/namespaces/default/localsubjectaccessreviews`, questions()],
    [`${reviews}/selfsubjectaccessreviews`, questions()],
    [`${reviews}/selfsubjectrulesreviews`, questions()],
  ]
  const codes = new Map<number, number>()
  for (const [path, bodies] of sent)
    for (const body of bodies)
      for (const groups of [['system:masters'], ['system:authenticated']]) {
        const { code, body: answer } = await rig.as('eve', 'POST', path, { body, groups })
        const told = `${path} ${JSON.stringify(body).slice(0, 200)}: ${JSON.stringify(answer)}`
        assert.ok([201, 400, 403, 404, 422].includes(code), told)
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
  assert.ok(codes.size >= 4, JSON.stringify([...codes]))
})

test('rules that multiply are refused before anybody counts them one by one', async () => {
  await using rig = await openAccessRig()
  await rig.state.create(clusterRoleBindingKind, {
    metadata: { name: 'eve' },
    roleRef: { ...ref, name: 'admin' },
    subjects: [{ kind: 'User', name: 'eve', apiGroup: rbacGroup }],
  })
  const path = `${rbac}/namespaces/default/roles`
  await rig.until(async () => (await rig.as('eve', 'GET', path)).code === 200)
  const rules = [{ verbs: many, apiGroups: many, resources: many, resourceNames: many }]
  const body = { metadata: { name: 'x' }, rules }
  const { code, body: answer } = await rig.as('eve', 'POST', path, { body })
  assert.equal(code, 403)
  assert.match(String(answer['message']), /more than 20000 single permissions.*split the role/)
  const large = { ...body, rules: [{ verbs: many, apiGroups: [''], resources: ['a', 'b', 'c'] }] }
  const missing = await rig.as('eve', 'POST', path, { body: large })
  assert.equal(missing.code, 403)
  assert.match(String(missing.body['message']), /attempting to grant/)
})
