import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { clusterRoleBindingKind, clusterRoleKind, roleBindingKind } from '@skerry/api/kinds/rbac'
import { rbacGroup, siteSelectorAnnotation } from '@skerry/api/kinds/rbac-problems'
import { eventKind } from '@skerry/api/kinds/core'
import { deviceKind } from '@skerry/api/kinds/device'
import { siteKind } from '@skerry/api/kinds/site'
import { type AccessRig, openAccessRig } from './testing/access-rig.ts'

const api = '/apis/skerry.dev/v1alpha1/namespaces/default'
const namespace = 'default'
const everything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]

const typed = (kind: string) => ({ apiVersion: 'skerry.dev/v1alpha1', kind })
const site = (name: string, region: string) => ({
  ...typed('Site'),
  metadata: { name, namespace, labels: { region } },
  spec: {},
})
const device = (name: string, ofSite: string) => ({
  ...typed('Device'),
  metadata: { name, namespace },
  spec: { site: ofSite, publicKeyDigest: 'x' },
})
const merge = { type: 'application/merge-patch+json' }
const applied = (body: object) => ({ body, type: 'application/apply-patch+yaml' })
const moved = (region: string) => ({ body: { metadata: { labels: { region } } }, ...merge })

async function bind(rig: AccessRig, user: string, selector: string): Promise<void> {
  await rig.state.create(roleBindingKind, {
    metadata: { name: user, namespace, annotations: { [siteSelectorAnnotation]: selector } },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'everything' },
    subjects: [{ kind: 'User', name: user, apiGroup: rbacGroup }],
  })
}

describe('somebody who is limited to the sites of a region', () => {
  let rig: AccessRig

  before(async () => {
    rig = await openAccessRig()
    const { state } = rig
    await state.create(clusterRoleKind, { metadata: { name: 'everything' }, rules: everything })
    for (const [name, region] of [
      ['bergen', 'north'],
      ['oslo', 'north'],
      ['rome', 'south'],
    ] as const) {
      await state.create(siteKind, site(name, region))
      await state.create(deviceKind, device(`at-${name}`, name))
    }
    await bind(rig, 'nora', 'region=north')
    await rig.until(async () => (await rig.as('nora', 'GET', `${api}/devices`)).code === 200)
  })
  after(() => rig[Symbol.asyncDispose]())

  const nora = (method: string, path: string, sent = {}) => rig.as('nora', method, api + path, sent)
  const names = async (path: string, user = 'nora') => {
    const { body } = await rig.as(user, 'GET', api + path)
    return (body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)
  }

  it('lists and gets their own, sites and what belongs to them', async () => {
    assert.deepEqual(await names('/sites'), ['bergen', 'oslo'])
    assert.deepEqual(await names('/sites?labelSelector=region%3Dsouth'), [])
    assert.deepEqual(await names('/devices'), ['at-bergen', 'at-oslo'])
    assert.equal((await nora('GET', '/sites/oslo')).code, 200)
    assert.equal((await nora('GET', '/devices/at-oslo')).code, 200)
    assert.equal((await nora('GET', '/sites/none')).code, 404)
  })

  it('gets, changes and deletes nothing of another region', async () => {
    const refused: readonly (readonly [string, string, object?])[] = [
      ['GET', '/sites/rome'],
      ['GET', '/devices/at-rome'],
      ['GET', '/sites/rome/metrics'],
      ['PATCH', '/sites/rome', moved('north')],
      ['PATCH', '/sites/oslo', moved('south')],
      ['PATCH', '/sites/rome/status', { body: { status: { health: 'Healthy' } }, ...merge }],
      ['PUT', '/sites/rome', { body: site('rome', 'north') }],
      ['PUT', '/sites/oslo', { body: site('oslo', 'south') }],
      ['PUT', '/devices/at-rome', { body: device('at-rome', 'oslo') }],
      ['PUT', '/devices/at-oslo', { body: device('at-oslo', 'rome') }],
      ['POST', '/sites', { body: site('naples', 'south') }],
      ['POST', '/devices', { body: device('new', 'rome') }],
      ['POST', '/devices', { body: device('new', 'none') }],
      ['PATCH', '/sites/naples?fieldManager=me', applied(site('naples', 'south'))],
      ['PATCH', '/sites/oslo?fieldManager=me&force=true', applied(site('oslo', 'south'))],
      ['PATCH', '/sites/rome?fieldManager=me&force=true', applied(site('rome', 'north'))],
      ['DELETE', '/sites/rome'],
      ['DELETE', '/devices/at-rome'],
    ]
    for (const [method, path, sent] of refused) {
      const { code, body } = await nora(method, path, sent)
      assert.equal(code, 403, `${method} ${path}: ${JSON.stringify(body)}`)
      assert.equal(body['reason'], 'Forbidden')
    }
    const rome = await rig.state.get(siteKind, { namespace, name: 'rome' })
    assert.equal(rome?.metadata.generation, 1)
    assert.equal(rome.metadata.labels?.['region'], 'south')
  })

  it('changes, makes and deletes what is theirs', async () => {
    assert.equal((await nora('POST', '/sites', { body: site('voss', 'north') })).code, 201)
    const displayed = { body: { spec: { displayName: 'Voss' } }, ...merge }
    assert.equal((await nora('PATCH', '/sites/voss', displayed)).code, 200)
    await rig.until(() =>
      rig
        .as('nora', 'POST', `${api}/devices`, { body: device('at-voss', 'voss') })
        .then(({ code }) => code === 201),
    )
    assert.equal((await nora('DELETE', '/devices/at-voss')).code, 200)
    assert.equal((await nora('DELETE', '/sites/voss')).code, 200)
  })

  it('means their own sites by a collection', async () => {
    assert.equal((await nora('DELETE', '/devices?dryRun=All')).code, 200)
    await rig.state.create(siteKind, site('tromso', 'north'))
    await rig.state.create(siteKind, site('turin', 'south'))
    const all = await nora('DELETE', '/sites?fieldSelector=metadata.name%21%3Doslo&dryRun=All')
    assert.deepEqual(
      (all.body['items'] as { metadata: { name: string } }[]).map((one) => one.metadata.name),
      ['bergen', 'tromso'],
    )
    assert.equal((await nora('DELETE', '/sites?labelSelector=region')).code, 200)
    assert.deepEqual(
      (await rig.state.list(siteKind, { namespace })).items.map((one) => one.metadata.name),
      ['rome', 'turin'],
    )
    for (const name of ['oslo', 'bergen']) await rig.state.create(siteKind, site(name, 'north'))
  })

  it('sees the events of their sites, and no others', async () => {
    const event = (name: string, kind: string, about: string) => ({
      metadata: { name, namespace },
      involvedObject: { apiVersion: 'skerry.dev/v1alpha1', kind, name: about, namespace },
      reason: 'Seen',
    })
    for (const [name, kind, about] of [
      ['e1', 'Site', 'oslo'],
      ['e2', 'Site', 'rome'],
      ['e3', 'Rollout', 'oslo'],
    ] as const)
      await rig.state.create(eventKind, event(name, kind, about))
    await rig.until(async () => {
      const { body } = await rig.as('nora', 'GET', '/api/v1/namespaces/default/events')
      const items = body['items'] as { metadata: { name: string } }[]
      return items.map(({ metadata }) => metadata.name).join() === 'e1'
    })
  })

  it('asks for the metrics of all their sites and gets theirs alone', async () => {
    const { code, body } = await nora('GET', '/sites/-/metrics')
    assert.equal(code, 200)
    assert.deepEqual(body['series'], [])
  })

  it('sees a site leave and come as DELETED and ADDED', async () => {
    const { state } = rig
    const { resourceVersion } = await state.list(siteKind)
    const watching = await rig.watch(
      'nora',
      `${api}/sites?watch=1&resourceVersion=${resourceVersion}`,
    )
    const set = async (name: string, region: string) => {
      const found = (await state.get(siteKind, { namespace, name }))!
      const metadata = { ...found.metadata, labels: { region } }
      await state.update(siteKind, { ...found, metadata })
    }
    await set('rome', 'west')
    await set('oslo', 'south')
    await set('rome', 'north')
    await set('oslo', 'north')
    await set('rome', 'south')
    const seen = []
    for (let count = 0; count < 4; count += 1) seen.push(await watching.next())
    assert.deepEqual(seen, ['DELETED oslo', 'ADDED rome', 'ADDED oslo', 'DELETED rome'])
    watching.close()
  })

  it('is told to list devices again when a site comes or goes', async () => {
    const { state } = rig
    const clearRecent = await rig.as('nora', 'GET', `${api}/devices`)
    assert.equal(clearRecent.code, 200)
    const watching = await rig.watch('nora', `${api}/devices?watch=1`)
    assert.equal(await watching.next(), 'ADDED at-bergen')
    assert.equal(await watching.next(), 'ADDED at-oslo')
    const { resourceVersion } = await state.list(deviceKind)
    const rome = (await state.get(siteKind, { namespace, name: 'rome' }))!
    await state.update(siteKind, {
      ...rome,
      metadata: { ...rome.metadata, labels: { region: 'north' } },
    })
    assert.equal(await watching.next(), 'ERROR 410')
    assert.equal(await watching.next(), 'END')
    assert.deepEqual(await names('/devices'), ['at-bergen', 'at-oslo', 'at-rome'])
    const late = await rig.watch(
      'nora',
      `${api}/devices?watch=1&resourceVersion=${resourceVersion}`,
    )
    assert.equal(await late.next(), 'ERROR 410', 'who was away meanwhile has missed it')
    await state.update(siteKind, {
      ...(await state.get(siteKind, { namespace, name: 'rome' }))!,
      metadata: { ...rome.metadata, resourceVersion: '', labels: { region: 'south' } },
    })
    await rig.until(async () => (await names('/devices')).length === 2)
  })

  it('may do nothing with what belongs to no site, and is told why', async () => {
    const { code, body } = await nora('GET', '/fleets')
    assert.equal(code, 403)
    assert.equal(
      body['message'],
      'fleets.skerry.dev is forbidden: User "nora" cannot list resource "fleets" in API group "skerry.dev" in the namespace "default": RBAC: RoleBinding "nora/default" is limited to sites with region=north, and fleets belong to no site',
    )
    assert.equal((await rig.as('nora', 'GET', '/api/v1/namespaces/default/secrets')).code, 403)
    assert.equal((await rig.as('nora', 'GET', '/apis/skerry.dev/v1alpha1/sites')).code, 403)
  })

  it('cannot approve a device for another site, nor let it in by a token', async () => {
    const request = (approvedSite?: string) => ({
      ...typed('EnrollmentRequest'),
      metadata: { name: 'req', namespace },
      spec: {
        request: 'x',
        publicKeyDigest: 'x',
        site: 'oslo',
        ...(approvedSite === undefined ? {} : { approvedSite }),
      },
    })
    assert.equal((await nora('POST', '/enrollmentrequests', { body: request('rome') })).code, 403)
    assert.equal((await nora('POST', '/enrollmentrequests', { body: request() })).code, 201)
    const approve = (approvedSite: string) => ({ body: { spec: { approvedSite } }, ...merge })
    assert.equal((await nora('PATCH', '/enrollmentrequests/req', approve('rome'))).code, 403)
    assert.equal((await nora('PATCH', '/enrollmentrequests/req', approve('bergen'))).code, 200)
    const token = (sites: string[]) => ({
      ...typed('JoinToken'),
      metadata: { name: 'token', namespace },
      spec: { tokenDigest: '0'.repeat(64), expirationTime: '2030-01-01T00:00:00Z', sites },
    })
    for (const sites of [[], ['rome'], ['oslo', 'rome'], ['none']])
      assert.equal(
        (await nora('POST', '/jointokens', { body: token(sites) })).code,
        403,
        sites.join(),
      )
    const making = token(['oslo'])
    const makesSites = { ...making, spec: { ...making.spec, createsSites: true } }
    assert.equal((await nora('POST', '/jointokens', { body: makesSites })).code, 403)
    assert.equal((await nora('POST', '/jointokens', { body: token(['oslo']) })).code, 201)
  })

  it('gives on what they have for their sites, and for no others', async () => {
    const give = (name: string, selector: string | undefined) => ({
      body: {
        metadata: {
          name,
          ...(selector === undefined
            ? {}
            : { annotations: { [siteSelectorAnnotation]: selector } }),
        },
        roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'everything' },
        subjects: [{ kind: 'User', name: 'ole' }],
      },
    })
    const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings'
    await rig.state.create(clusterRoleKind, {
      metadata: { name: 'binder' },
      rules: [{ verbs: ['*'], apiGroups: [rbacGroup], resources: ['rolebindings'] }],
    })
    await rig.state.create(roleBindingKind, {
      metadata: { name: 'binder', namespace },
      roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'binder' },
      subjects: [{ kind: 'User', name: 'nora', apiGroup: rbacGroup }],
    })
    await rig.until(async () => (await rig.as('nora', 'GET', bindings)).code === 200)
    for (const selector of [
      undefined,
      'region in (north,south)',
      'region',
      'tier=gold',
      'region!=south',
    ]) {
      const { code, body } = await rig.as('nora', 'POST', bindings, give('a', selector))
      assert.equal(code, 403, selector)
      assert.match(
        String(body['message']),
        /attempting to grant RBAC permissions not currently held/,
      )
    }
    for (const selector of ['', ' ', 'region=north,', '!!', 'a b'])
      assert.equal(
        (await rig.as('nora', 'POST', bindings, give('a', selector))).code === 201,
        false,
        selector,
      )
    const admin = { groups: ['system:masters'] }
    const wrong = await rig.as('root', 'POST', bindings, { ...give('a', ''), ...admin })
    assert.equal(wrong.code, 422)
    const narrower = give('a', 'region=north,tier=gold')
    assert.equal((await rig.as('nora', 'POST', bindings, narrower)).code, 201)
    const widened = {
      body: { metadata: { annotations: { [siteSelectorAnnotation]: null } } },
      ...merge,
    }
    assert.equal((await rig.as('nora', 'PATCH', `${bindings}/a`, widened)).code, 403)
  })

  it('may all again as soon as one binding has no limit', async () => {
    await bind(rig, 'sara', 'region=south')
    await rig.until(async () => (await rig.as('sara', 'GET', `${api}/sites`)).code === 200)
    assert.deepEqual(await names('/sites', 'sara'), ['rome', 'turin'])
    await rig.state.create(clusterRoleBindingKind, {
      metadata: { name: 'sara' },
      roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'everything' },
      subjects: [{ kind: 'User', name: 'sara', apiGroup: rbacGroup }],
    })
    await rig.until(async () => (await names('/sites', 'sara')).length === 4)
    await rig.state.delete(clusterRoleBindingKind, { name: 'sara' })
    await rig.until(async () => (await names('/sites', 'sara')).length === 2)
    await rig.state.delete(roleBindingKind, { name: 'sara', namespace })
    await rig.until(async () => (await rig.as('sara', 'GET', `${api}/sites`)).code === 403)
  })
})
