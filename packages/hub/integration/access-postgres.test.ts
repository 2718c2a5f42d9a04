import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import { clusterRoleBindingKind, clusterRoleKind } from '@skerry/api/kinds/rbac'
import { rbacGroup, siteSelectorAnnotation } from '@skerry/api/kinds/rbac-problems'
import { deviceKind } from '@skerry/api/kinds/device'
import { siteKind } from '@skerry/api/kinds/site'
import { isApiError } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { openPostgresStore } from '@skerry/store/postgres-store'
import { withDatabase } from '@skerry/testing/database'
import pg from 'pg'
import { openAccess } from '../src/access/access.ts'
import { bootstrapAccess } from '../src/access/bootstrap-access.ts'

const ann = { name: 'ann', groups: ['system:authenticated'] }
const listing = (resource: string) =>
  ({
    type: 'resource',
    verb: 'list',
    group: 'skerry.dev',
    version: 'v1alpha1',
    resource,
    namespace: 'default',
  }) as const

test('what is given and taken away at one hub holds at the other within a second', async () => {
  await using stack = new AsyncDisposableStack()
  const { databaseUrl } = stack.use(await withDatabase())
  const openHub = async () => {
    const store = stack.use(
      await openPostgresStore({
        databaseUrl,
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
      }),
    )
    // Two that start at once make the same roles.
    await bootstrapAccess(store.state, kinds)
    const access = stack.use(
      openAccess({
        state: store.state,
        kinds: fixedKinds(kinds),
        clock: systemClock,
        log: silentLog,
      }),
    )
    await access.synced
    return { state: store.state, access }
  }
  const hubs = await Promise.all([openHub(), openHub()])
  const [{ state }, { access: elsewhere }] = hubs
  const tookMs = async (isSo: () => boolean): Promise<number> => {
    const startMs = systemClock.now()
    for (;;) {
      const passedMs = systemClock.now() - startMs
      if (isSo() || passedMs > 10_000) return passedMs
      await systemClock.sleep(5)
    }
  }
  const mayList = (resource: string) => elsewhere.authorize(ann, listing(resource)).allowed
  const give = (selector?: string) =>
    state.create(clusterRoleBindingKind, {
      metadata: {
        name: 'ann',
        ...(selector === undefined ? {} : { annotations: { [siteSelectorAnnotation]: selector } }),
      },
      roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'lister' },
      subjects: [{ kind: 'User', name: 'ann', apiGroup: rbacGroup }],
    })
  await state.create(clusterRoleKind, {
    metadata: { name: 'lister' },
    rules: [{ verbs: ['list'], apiGroups: ['skerry.dev'], resources: ['*'] }],
  })
  assert.equal(mayList('sites'), false)
  for (let round = 0; round < 3; round += 1) {
    await give()
    const givenMs = await tookMs(() => mayList('sites'))
    assert.ok(givenMs < 1000, `given after ${givenMs} ms`)
    await state.delete(clusterRoleBindingKind, { name: 'ann' })
    const takenMs = await tookMs(() => !mayList('sites'))
    assert.ok(takenMs < 1000, `taken away after ${takenMs} ms`)
  }

  await give('region=north')
  assert.ok((await tookMs(() => mayList('sites'))) < 1000)
  assert.equal(mayList('fleets'), false)
  const site = (region: string) => ({
    metadata: { name: 'oslo', namespace: 'default', labels: { region } },
    spec: {},
  })
  const made = await state.create(siteKind, site('north'))
  const device = {
    apiVersion: 'skerry.dev/v1alpha1',
    kind: 'Device',
    metadata: { name: 'd', namespace: 'default' },
    spec: { site: 'oslo', publicKeyDigest: 'x' },
  }
  const seesDevice = (): boolean => {
    const decision = elsewhere.authorize(ann, listing('devices'))
    try {
      return decision.allowed && decision.sites?.has(deviceKind, device) === true
    } catch {
      return false
    }
  }
  assert.ok((await tookMs(seesDevice)) < 2000)
  await state.update(siteKind, { ...made, metadata: { ...made.metadata, labels: { region: 'x' } } })
  assert.ok((await tookMs(() => !seesDevice())) < 1000)

  // The database goes away from everybody for a moment.
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  await client.end()
  for (let tries = 0; ; tries += 1)
    try {
      await state.delete(clusterRoleBindingKind, { name: 'ann' })
      break
    } catch (thrown) {
      // One that was not answered may have been done.
      if (isApiError(thrown, 'NotFound')) break
      if (tries > 50) throw thrown
      await systemClock.sleep(50)
    }
  const takenMs = await tookMs(() => !mayList('sites'))
  assert.ok(takenMs < 3000, `taken away after ${takenMs} ms, after a fault`)
})
