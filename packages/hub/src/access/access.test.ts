import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedKinds } from '@skerry/api/kind-source'
import { resourceName } from '@skerry/api/kind'
import { kinds } from '@skerry/api/kinds'
import { deviceKind } from '@skerry/api/kinds/device'
import {
  type AnyBinding,
  type AnyRole,
  clusterRoleBindingKind,
  clusterRoleKind,
} from '@skerry/api/kinds/rbac'
import { rbacGroup, siteSelectorAnnotation } from '@skerry/api/kinds/rbac-problems'
import { siteKind } from '@skerry/api/kinds/site'
import { type LabelSelector, matchesLabels } from '@skerry/api/selector'
import { parseLabelSelector } from '@skerry/api/label-selector-parser'
import { isApiError } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom, systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import type { Attributes } from '../api-server/authorization.ts'
import { openAccess } from './access.ts'
import { bootstrapAccess } from './bootstrap-access.ts'
import { decideAccess } from './decide-access.ts'
import { Grants } from './grants.ts'
import { selectorImplies } from './selector-implies.ts'
import { SiteLabels } from './site-labels.ts'
import { createSiteScopes } from './site-scope.ts'
import { openAccessRig } from './testing/access-rig.ts'

const listing = (resource: string, namespace?: string): Attributes => ({
  type: 'resource',
  verb: 'list',
  group: 'skerry.dev',
  version: 'v1alpha1',
  resource,
  namespace,
})

const binding = (name: string, role: string, subjects: object[], selector?: string): AnyBinding =>
  ({
    kind: 'ClusterRoleBinding',
    metadata: {
      name,
      ...(selector === undefined ? {} : { annotations: { [siteSelectorAnnotation]: selector } }),
    },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: role },
    subjects,
  }) as unknown as AnyBinding

const role = (name: string): AnyRole =>
  ({
    metadata: { name },
    rules: [{ verbs: ['list'], apiGroups: ['skerry.dev'], resources: ['sites'] }],
  }) as unknown as AnyRole

test('a decision takes microseconds with ten thousand bindings', () => {
  const grants = new Grants()
  grants.setRole(role('lister'))
  for (let index = 0; index < 10_000; index += 1)
    grants.setBinding(
      binding(`b${index}`, 'lister', [
        { kind: 'User', name: `user${index}` },
        { kind: 'Group', name: `group${index % 100}` },
      ]),
    )
  const attributes = listing('sites', 'default')
  const groups = Array.from({ length: 30 }, (_, index) => `other${index}`)
  const rounds = 5_000
  const startMs = performance.now()
  for (let index = 0; index < rounds; index += 1) {
    const user = { name: `user${index * 4}`, groups }
    const { verdict } = decideAccess(grants, user, { attributes, isOfSites: true })
    assert.equal(verdict, index * 4 < 10_000 ? 'allow' : 'deny')
  }
  const eachUs = ((performance.now() - startMs) * 1000) / rounds
  assert.ok(eachUs < 200, `${eachUs} us for a decision`)
})

test('nobody but the masters is answered before the roles have been read', async () => {
  await using state = createMemoryState({ clock: systemClock, random: systemRandom })
  await using access = openAccess({
    state,
    kinds: fixedKinds(kinds),
    clock: systemClock,
    log: silentLog,
  })
  const ann = { name: 'ann', groups: ['system:authenticated'] }
  assert.throws(
    () => access.authorize(ann, listing('sites')),
    (thrown) => isApiError(thrown, 'ServiceUnavailable'),
  )
  await assert.rejects(access.check())
  const root = { name: 'root', groups: ['system:masters'] }
  assert.equal(access.authorize(root, listing('sites')).allowed, true)
  await access.synced
  await access.check()
  assert.equal(access.authorize(ann, listing('sites')).allowed, false)
  const device = { name: 'd', groups: ['skerry:devices', 'system:masters'] }
  assert.equal(access.authorize(device, listing('sites')).allowed, false)
})

test('viewers read everything but secrets, and nobody reads without a role', async () => {
  await using rig = await openAccessRig()
  const viewer = { groups: ['skerry:viewers', 'system:authenticated'] }
  const code = async (method: string, path: string, sent = {}) =>
    (await rig.as('vera', method, path, sent)).code
  const ours = '/apis/skerry.dev/v1alpha1/namespaces/default'
  for (const path of ['/api', '/apis', '/openapi/v2', '/version']) {
    assert.equal(await code('GET', path, viewer), 200, path)
    assert.equal(await code('GET', path), 200, path)
  }
  for (const path of [
    '/api/v1/namespaces',
    '/api/v1/events',
    '/api/v1/namespaces/default/configmaps',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    `${ours}/sites`,
    `${ours}/jointokens`,
  ]) {
    assert.equal(await code('GET', path, viewer), 200, path)
    assert.equal(await code('GET', path), 403, path)
  }
  for (const path of ['/api/v1/secrets', '/api/v1/namespaces/default/secrets'])
    assert.equal(await code('GET', path, viewer), 403, path)
  assert.equal(await code('POST', `${ours}/sites`, { ...viewer, body: {} }), 403)
  assert.equal(await code('DELETE', `${ours}/sites`, viewer), 403)
})

test('admin gathers from edit, and edit from view; what was taken away comes back at the next start', async () => {
  await using state = createMemoryState({ clock: systemClock, random: systemRandom })
  await bootstrapAccess(state, kinds)
  const resourcesOf = async (name: string) =>
    ((await state.get(clusterRoleKind, { name }))?.rules ?? []).flatMap(
      ({ resources }) => resources ?? [],
    )
  assert.ok((await resourcesOf('view')).includes('sites/status'))
  assert.ok((await resourcesOf('admin')).includes('jointokens'))
  assert.ok((await resourcesOf('admin')).includes('configmaps'))
  assert.ok(!(await resourcesOf('view')).includes('secrets'))
  const version = (await state.list(clusterRoleKind)).resourceVersion
  await bootstrapAccess(state, kinds)
  assert.equal((await state.list(clusterRoleKind)).resourceVersion, version, 'nothing to do')

  const discovery = (await state.get(clusterRoleKind, { name: 'system:discovery' }))!
  await state.update(clusterRoleKind, {
    ...discovery,
    rules: [{ verbs: ['get'], nonResourceURLs: ['/mine'] }],
  })
  const bound = (await state.get(clusterRoleBindingKind, { name: 'skerry-viewer' }))!
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
  await state.update(clusterRoleBindingKind, {
    ...bound,
    metadata: { ...bound.metadata, annotations },
    subjects: [],
  })
  await state.delete(clusterRoleBindingKind, { name: 'system:basic-user' })
  await bootstrapAccess(state, kinds)
  const mended = (await state.get(clusterRoleKind, { name: 'system:discovery' }))!
  const urls = (mended.rules ?? []).flatMap(({ nonResourceURLs }) => nonResourceURLs ?? [])
  assert.ok(urls.includes('/mine') && urls.includes('/openapi/*'))
  const left = await state.get(clusterRoleBindingKind, { name: 'skerry-viewer' })
  assert.deepEqual(left?.subjects, [], 'its owner said to leave it alone')
  assert.ok(await state.get(clusterRoleBindingKind, { name: 'system:basic-user' }))
})

const random = seededRandom(20261121)
const pick = <T>(values: readonly T[]): T => values[Math.floor(random.next() * values.length)]!
const someLabels = () =>
  Object.fromEntries(
    ['region', 'tier', 'n'].flatMap((key) =>
      random.next() < 0.3 ? [] : [[key, pick(['a', 'b', '1', '2'])]],
    ),
  )
const someSelector = (): string =>
  Array.from({ length: 1 + Math.floor(random.next() * 3) }, () =>
    pick([
      'region=a',
      'region in (a,b)',
      'region!=b',
      'tier',
      '!tier',
      'tier notin (a,b)',
      'n in (1)',
      'region',
      'n!=1',
      'tier=a',
    ]),
  ).join(',')

test('what a scope lets through is what each object says for itself', () => {
  for (let round = 0; round < 300; round += 1) {
    const labels = new SiteLabels(systemClock)
    const scopeOf = createSiteScopes(labels)
    const sites = Array.from({ length: 8 }, (_, index) => ({
      metadata: { name: `s${index}`, namespace: 'n', labels: someLabels(), resourceVersion: '1' },
    }))
    labels.setAll(sites as never, '1')
    const texts = Array.from({ length: 1 + Math.floor(random.next() * 3) }, someSelector)
    const selectors = texts.map((text) => parseLabelSelector(text))
    const scope = scopeOf(texts.join('\n'), selectors)
    for (const site of sites) {
      const expected = selectors.some((one) => matchesLabels(one, site.metadata.labels))
      assert.equal(scope.has(siteKind, site as never), expected, texts.join(' or '))
      const device = { metadata: { namespace: 'n' }, spec: { site: site.metadata.name } }
      assert.equal(scope.has(deviceKind, device as never), expected, texts.join(' or '))
      const elsewhere = { metadata: { namespace: 'm' }, spec: { site: site.metadata.name } }
      assert.equal(scope.has(deviceKind, elsewhere as never), false)
    }
    assert.equal(scope.has(clusterRoleKind, sites[0] as never), false)
  }
})

test('a selector implies another only if it chooses nothing else', () => {
  const all: Record<string, string>[] = []
  for (const region of ['', 'a', 'b', 'c'])
    for (const tier of ['', 'a', 'b'])
      for (const n of ['', '1', '2'])
        all.push(
          Object.fromEntries(
            Object.entries({ region, tier, n }).filter(([, value]) => value !== ''),
          ),
        )
  const chosen = (selector: LabelSelector) => all.filter((one) => matchesLabels(selector, one))
  let implied = 0
  for (let round = 0; round < 3000; round += 1) {
    const [narrow, wide] = [parseLabelSelector(someSelector()), parseLabelSelector(someSelector())]
    if (!selectorImplies(narrow, wide)) continue
    implied += 1
    const outside = chosen(narrow).filter((one) => !matchesLabels(wide, one))
    assert.deepEqual(outside, [], JSON.stringify([narrow, wide]))
  }
  assert.ok(implied > 100, `${implied} of 3000`)
})

test('what changed is remembered for those who were away, and what was heard a moment ago too', async () => {
  const clock = createSteppedClock(1_000_000)
  const labels = new SiteLabels(clock)
  const scope = createSiteScopes(labels)('k', [parseLabelSelector('region=north')])
  const site = (name: string, region: string, version: number) =>
    ({
      metadata: { name, namespace: 'n', labels: { region }, resourceVersion: String(version) },
    }) as never
  assert.throws(
    () => scope.isChangedSince('9'),
    (thrown) => isApiError(thrown, 'ServiceUnavailable'),
  )
  labels.setAll([site('a', 'north', 5), site('b', 'south', 6)], '10')
  assert.equal(scope.isChangedSince('9'), true, 'nothing is known of before')
  assert.equal(scope.isChangedSince('10'), false)
  const { changed } = scope
  labels.set(site('b', 'west', 12))
  assert.equal(changed.aborted, false, 'it was not in it and is not')
  labels.set(site('a', 'north', 13))
  assert.equal(changed.aborted, false, 'it is as it was')
  labels.set(site('a', 'south', 14))
  assert.equal(changed.aborted, true)
  assert.equal(scope.changed.aborted, false, 'whoever comes now hears of what is next')
  assert.equal(scope.isChangedSince('20'), true, 'a list of this moment may be from before')
  await clock.advance(6_000)
  assert.equal(scope.isChangedSince('20'), false)
  assert.equal(scope.isChangedSince('13'), true)
  labels.remove(site('a', 'south', 21))
  labels.set(site('c', 'north', 22))
  await clock.advance(6_000)
  assert.equal(scope.isChangedSince('21'), true)
  for (let index = 0; index < 6_000; index += 1) labels.set(site('z', `r${index}`, 30 + index))
  assert.equal(scope.isChangedSince('22'), true, 'it is forgotten what there was')
})

test('every kind that stands for something at a site says whose it is', () => {
  const limited = kinds.filter(({ siteAt }) => siteAt !== undefined).map(resourceName)
  assert.deepEqual(limited.toSorted(), [
    'devices.skerry.dev',
    'enrollmentrequests.skerry.dev',
    'events',
    'events.events.k8s.io',
    'jointokens.skerry.dev',
    'sites.skerry.dev',
  ])
})
