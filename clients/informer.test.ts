// client-go's shared informers, through connections that break: in the end they hold what the server has.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  ApiException,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
} from '@kubernetes/client-node'
import { systemClock } from '@skerry/base/clock'
import { findClient } from '../scripts/build-clients.ts'
import { kubeconfigThrough, openBreakingProxy, portOf } from './breaking-proxy.ts'
import {
  type ClientsRig,
  type Running,
  openClientsRig,
  ranWell,
  spawnClient,
  until,
} from './clients-rig.ts'

const found = findClient('informer')
const skip = 'missing' in found ? found.missing : false
const informer = 'path' in found ? found.path : ''
const namespace = 'default'
const roundsMax = 120
const protobuf = 'application/vnd.kubernetes.protobuf'
const ours = 'devices.v1alpha1.skerry.dev,configmaps.v1.'

const ways = {
  'dynamic, streaming list': ['--mode', 'dynamic', '--kinds', ours],
  'dynamic, list and watch': ['--mode', 'dynamic', '--kinds', ours, '--watch-list=false'],
  'metadata alone': ['--mode', 'metadata', '--kinds', ours],
  'typed, asking for protobuf': [
    '--mode',
    'typed',
    '--content-type',
    protobuf,
    '--kinds',
    'configmaps.v1.,namespaces.v1.',
  ],
} as const

type Written = KubernetesObject & { metadata: { namespace: string; name: string } }

type Result = {
  readonly equal: boolean
  readonly kinds: Record<
    string,
    {
      readonly items: Record<string, string>
      readonly odd: string[]
      readonly differences: string[]
      readonly adds: number
      readonly deletes: number
      readonly resyncs: number
    }
  >
}

describe('client-go', { skip, timeout: 240_000 }, () => {
  let rig: ClientsRig
  before(async () => {
    rig = await openClientsRig()
  })
  after(() => rig[Symbol.asyncDispose]())

  it('applies on the server, as several managers, typed and dynamic', async () => {
    for (const type of ['', protobuf]) {
      const name = type === '' ? 'applied' : 'applied-protobuf'
      const args = ['apply', '--name', name, '--content-type', type]
      const said = JSON.parse(await ranWell(rig, informer, ...args)) as Record<string, unknown>
      assert.deepEqual(said, {
        data: { a: '1', b: '1', c: '2' },
        managers: ['one Apply', 'two Apply'],
        conflict: 'Apply failed with 1 conflict: conflict with "one": .data.a',
        afterForce: { a: '2', b: '1' },
        extracted: { b: '1' },
        afterOmission: { a: '2', d: '4' },
        dynamic: {
          telemetry: { intervalSeconds: 60 },
          timeZone: 'Europe/Oslo',
          variables: { till: '7' },
        },
        metadata: ` ${name}`,
      })
    }
  })

  it('elects one leader, and another when it goes or dies', async () => {
    const lead = (identity: string) => spawnClient(rig, informer, 'lead', '--identity', identity)
    const leads = (who: Running, line: string) =>
      until(`${line}: ${who.said()}`, () => who.lines().includes(line) || undefined)
    await using first = lead('first')
    await leads(first, 'leading')
    await using second = lead('second')
    await leads(second, 'leader first')
    assert.ok(!second.lines().includes('leading'))
    first.child.kill('SIGTERM')
    await leads(second, 'leading')
    await using third = lead('third')
    await leads(third, 'leader second')
    second.child.kill('SIGKILL')
    await leads(third, 'leading')
  })

  it('ends with what the server has, whatever broke on the way', async () => {
    const config = new KubeConfig()
    config.loadFromFile(rig.kubeconfig)
    const api = KubernetesObjectApi.makeApiClient(config)
    const toPort = portOf(await readFile(rig.kubeconfig, 'utf8'))
    await using proxy = await openBreakingProxy(toPort)
    const through = join(rig.directory, 'through.kubeconfig')
    await kubeconfigThrough(rig.kubeconfig, through, proxy.port)
    const file = (name: string, index: number) => join(rig.directory, `${name}-${index}`)
    const untilFile = join(rig.directory, 'until')
    const runs = Object.entries(ways).map(([name, args], index) => {
      const files = ['--ready-file', file('ready', index), '--out', file('out', index)]
      const ends = ['--until-file', untilFile, '--truth-kubeconfig', rig.kubeconfig]
      const common = ['--kubeconfig', through, '--resync', '1s', ...files, ...ends]
      return { name, index, process: spawnClient(rig, informer, 'watch', ...args, ...common) }
    })
    try {
      for (const { index, process } of runs)
        await until(`first list of ${index}: ${process.said()}`, () =>
          readFile(file('ready', index)).catch(() => undefined),
        )
      const cuts = await writeAndCut(api, () => proxy.cut())
      assert.ok(cuts > runs.length, `${cuts} connections were cut`)
      await rig.restart()
      await writeAndCut(api, () => proxy.cut())
      await writeFile(untilFile, '')
      for (const { name, index, process } of runs) {
        assert.equal(await process.exited, 0, `${name}: ${process.said()}`)
        const result = JSON.parse(await readFile(file('out', index), 'utf8')) as Result
        assert.ok(result.equal, name)
        for (const seen of Object.values(result.kinds)) {
          assert.deepEqual([seen.odd, seen.differences], [[], []], name)
          assert.ok(seen.adds > 0 && seen.resyncs > 0, name)
        }
        assert.ok(result.kinds['configmaps.v1.']!.deletes > 0, name)
      }
    } finally {
      for (const { process } of runs) await process[Symbol.asyncDispose]()
    }
  })
})

/** Objects come, change and go, and every few of them all connections are cut. */
async function writeAndCut(api: KubernetesObjectApi, cut: () => number): Promise<number> {
  let cuts = 0
  for (let round = 0; round < roundsMax; round++) {
    const metadata = { namespace, name: `moving-${(round * 7) % 23}` }
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { n: String(round) } }
    const spec = { site: `s${round}`, publicKeyDigest: 'sha256:1' }
    const device = { apiVersion: 'skerry.dev/v1alpha1', kind: 'Device', metadata, spec }
    for (const object of [map, device])
      await (round % 3 === 2 ? unless(404, () => api.delete(object)) : put(api, object))
    if (round % 8 === 3) cuts += cut()
    await systemClock.sleep(20)
  }
  return cuts
}

async function put(api: KubernetesObjectApi, object: Written): Promise<void> {
  const made = await unless(409, () => api.create(object))
  if (made === undefined)
    await api.patch(object, undefined, undefined, 'test', undefined, PatchStrategy.MergePatch)
}

/** Undefined when it is refused with this code. */
async function unless<T>(code: number, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (thrown) {
    if (thrown instanceof ApiException && thrown.code === code) return undefined
    throw thrown
  }
}
