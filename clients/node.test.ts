// @kubernetes/client-node does its day: lists, watches, patches, applies, and keeps an informer.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  type ListPromise,
  PatchStrategy,
  VersionApi,
  Watch,
  makeInformer,
} from '@kubernetes/client-node'
import { type ClientsRig, openClientsRig, until } from './clients-rig.ts'

const namespace = 'default'
const group = { group: 'skerry.dev', version: 'v1alpha1', namespace, plural: 'devices' }
const device = (name: string, site: string) => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'Device',
  metadata: { name, namespace, labels: { by: 'client-node' } },
  spec: { site, publicKeyDigest: 'sha256:1' },
})
type Device = KubernetesObject & { spec?: { site: string } }
type List = { metadata: { resourceVersion: string; continue?: string }; items: Device[] }

describe('@kubernetes/client-node', { timeout: 120_000 }, () => {
  let rig: ClientsRig
  let config: KubeConfig
  before(async () => {
    rig = await openClientsRig()
    config = new KubeConfig()
    config.loadFromFile(rig.kubeconfig)
  })
  after(() => rig[Symbol.asyncDispose]())

  it('knows the version, and typed kinds', async () => {
    assert.equal((await config.makeApiClient(VersionApi).getCode()).minor, '36')
    const core = config.makeApiClient(CoreV1Api)
    const body = { metadata: { name: 'typed' }, data: { a: '1' } }
    const made = await core.createNamespacedConfigMap({ namespace, body })
    assert.ok(made.metadata?.creationTimestamp instanceof Date)
    const { items } = await core.listNamespacedConfigMap({
      namespace,
      fieldSelector: 'metadata.name=typed',
    })
    assert.deepEqual(items[0]?.data, { a: '1' })
    const gone = core.readNamespacedConfigMap({ namespace, name: 'nothing' })
    await assert.rejects(gone, (thrown: unknown) => {
      assert.ok(thrown instanceof ApiException)
      return thrown.code === 404 && /configmaps \\?"nothing\\?" not found/.test(String(thrown.body))
    })
    await core.deleteNamespacedConfigMap({ namespace, name: 'typed' })
  })

  it('creates, patches in every way, applies and deletes without knowing the kind', async () => {
    const objects = KubernetesObjectApi.makeApiClient(config)
    await objects.create(device('generic', 'oslo'))
    const patch = (body: object, strategy: PatchStrategy, force?: boolean): Promise<Device> =>
      objects.patch(
        { ...device('generic', ''), ...body } as never,
        undefined,
        undefined,
        'client-node',
        force,
        strategy,
      )
    const merged = await patch({ spec: { site: 'bergen' } }, PatchStrategy.MergePatch)
    assert.equal(merged.spec?.site, 'bergen')
    const spec = { site: 'cork', publicKeyDigest: 'sha256:2' }
    await assert.rejects(patch({ spec }, PatchStrategy.ServerSideApply), /conflict/)
    const applied = await patch({ spec }, PatchStrategy.ServerSideApply, true)
    assert.equal(applied.spec?.site, 'cork')
    assert.ok(applied.metadata?.managedFields?.some(({ operation }) => operation === 'Apply'))
    await objects.delete(device('generic', ''))
  })

  it('lists in pages, and watches from there', async () => {
    const custom = config.makeApiClient(CustomObjectsApi)
    for (const name of ['p1', 'p2', 'p3'])
      await custom.createNamespacedCustomObject({ ...group, body: device(name, 'oslo') })
    const names: string[] = []
    let list: List | undefined
    do {
      const more = list?.metadata.continue
      list = (await custom.listNamespacedCustomObject({
        ...group,
        limit: 2,
        labelSelector: 'by=client-node',
        ...(more === undefined ? {} : { _continue: more }),
      })) as List
      names.push(...list.items.map(({ metadata }) => metadata?.name ?? ''))
    } while ((list.metadata.continue ?? '') !== '')
    assert.deepEqual(names, ['p1', 'p2', 'p3'])
    const seen: string[] = []
    const { resourceVersion } = list.metadata
    const path = `/apis/skerry.dev/v1alpha1/namespaces/${namespace}/devices`
    const stop = await new Watch(config).watch(
      path,
      { resourceVersion },
      (phase, object: Device) => seen.push(`${phase} ${object.metadata?.name}`),
      () => {},
    )
    await custom.createNamespacedCustomObject({ ...group, body: device('p4', 'oslo') })
    await custom.deleteNamespacedCustomObject({ ...group, name: 'p1' })
    await until(`two events: ${seen.join()}`, () => (seen.length >= 2 ? true : undefined))
    assert.deepEqual(seen, ['ADDED p4', 'DELETED p1'])
    stop.abort()
  })

  it('keeps an informer', async () => {
    const custom = config.makeApiClient(CustomObjectsApi)
    const listed = (() => custom.listNamespacedCustomObject(group)) as ListPromise<Device>
    const path = `/apis/skerry.dev/v1alpha1/namespaces/${namespace}/devices`
    const informer = makeInformer(config, path, listed)
    const seen: string[] = []
    for (const verb of ['add', 'update', 'delete'] as const)
      informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name}`))
    informer.on('error', (thrown) => seen.push(`error ${String(thrown)}`))
    await informer.start()
    try {
      await custom.createNamespacedCustomObject({ ...group, body: device('p5', 'oslo') })
      await custom.deleteNamespacedCustomObject({ ...group, name: 'p2' })
      await until('p2 is gone', () => (seen.includes('delete p2') ? true : undefined))
      const held = informer.list().map(({ metadata }) => String(metadata?.name))
      const ours = held.filter((name) => /^p\d$/.test(name))
      assert.deepEqual(new Set(ours), new Set(['p3', 'p4', 'p5']))
      assert.ok(!seen.some((each) => each.startsWith('error')), seen.join())
    } finally {
      await informer.stop()
    }
  })

  it('holds a Lease against another holder', async () => {
    const leases = config.makeApiClient(CoordinationV1Api)
    const metadata = { name: 'client-node' }
    const spec = { holderIdentity: 'one', leaseDurationSeconds: 15 }
    const held = await leases.createNamespacedLease({ namespace, body: { metadata, spec } })
    const { metadata: read } = held
    const renewed = { metadata: read!, spec: { ...spec, leaseTransitions: 1 } }
    await leases.replaceNamespacedLease({ namespace, name: 'client-node', body: renewed })
    const stale = { metadata: read!, spec: { ...spec, holderIdentity: 'two' } }
    await assert.rejects(
      leases.replaceNamespacedLease({ namespace, name: 'client-node', body: stale }),
      (thrown: unknown) => thrown instanceof ApiException && thrown.code === 409,
    )
    await leases.deleteNamespacedLease({ namespace, name: 'client-node' })
    const custom = config.makeApiClient(CustomObjectsApi)
    await custom.deleteCollectionNamespacedCustomObject({
      ...group,
      labelSelector: 'by=client-node',
    })
  })
})
