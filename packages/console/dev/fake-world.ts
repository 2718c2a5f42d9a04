import {
  type FakeObject,
  at,
  fakeDigest,
  fakeObject,
  minuteMs,
  newestVersion,
  nextVersion,
} from './fake-object.ts'
import { fakeRollouts } from './fake-rollouts.ts'
import { fakeDevice } from './fake-devices.ts'
import { fakeSite } from './fake-sites.ts'

export type FakeWorld = {
  objects(resource: string): readonly FakeObject[]
  version(): number
  /** Changes an object's status. Returns it as it is then. */
  patch(resource: string, name: string, status: Record<string, unknown>): FakeObject
  /** Lets a little time pass. Returns what changed, with its resource. */
  tick(nowMs: number): readonly (readonly [resource: string, object: FakeObject])[]
}

const namespaces = (nowMs: number, names: readonly string[]) =>
  names.map((name) =>
    fakeObject({ kind: 'Namespace', name, createdMs: nowMs - 9e8, body: { spec: {} } }),
  )

export function emptyWorld(): FakeWorld {
  const kept = namespaces(Date.now(), ['default'])
  return {
    objects: (resource) => (resource === 'namespaces' ? kept : []),
    version: newestVersion,
    tick: () => [],
    patch: (resource, name) => {
      throw new Error(`There is no ${resource} ${name} in the empty world.`)
    },
  }
}

function fakeModels(nowMs: number): { models: FakeObject[]; versions: FakeObject[] } {
  const signature = {
    inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 784] }],
    outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 10] }],
  }
  const model = fakeObject({
    kind: 'Model',
    name: 'digits',
    createdMs: nowMs - 9 * 86_400_000,
    body: {
      spec: { description: 'Reads handwritten digits from parcel labels.', signature },
      status: { latestVersion: 'v4', versions: 4 },
    },
  })
  const sizes = [105_312, 421_776, 421_776, 3_254_112]
  const versionsOfModel = sizes.map((sizeBytes, index) => {
    const name = `digits-v${index + 1}`
    return fakeObject({
      kind: 'ModelVersion',
      name,
      createdMs: nowMs - (5 - index) * 31 * minuteMs,
      body: {
        spec: {
          model: 'digits',
          version: `v${index + 1}`,
          repository: 'models/default/digits',
          manifestDigest: fakeDigest(`${name}-manifest`),
          digest: fakeDigest(name),
          sizeBytes,
        },
      },
    })
  })
  return { models: [model], versions: versionsOfModel }
}

export function fakeWorld(nowMs: number, siteCount = 14): FakeWorld {
  const sites = Array.from({ length: siteCount }, (_, index) => fakeSite(index, nowMs))
  const { models, versions: modelVersions } = fakeModels(nowMs)
  const all: Record<string, FakeObject[]> = {
    namespaces: namespaces(nowMs, ['default', 'factory']),
    sites,
    devices: [0, 1].map((index) => fakeDevice(index, nowMs)),
    models,
    modelversions: modelVersions,
    ...fakeRollouts(nowMs),
  }
  const patch = (resource: string, name: string, status: Record<string, unknown>): FakeObject => {
    const objects = all[resource] ?? []
    const index = objects.findIndex((each) => each.metadata.name === name)
    const old = objects[index]
    if (old === undefined) throw new Error(`There is no ${resource} ${name} in this world.`)
    const metadata = { ...old.metadata, resourceVersion: String(nextVersion()) }
    const changed = { ...old, metadata, status: { ...(old['status'] as object), ...status } }
    objects[index] = changed
    return changed
  }
  let next = 0
  return {
    objects: (resource) => all[resource] ?? [],
    version: newestVersion,
    patch,
    tick: (tickMs) => {
      next = (next + 1) % 3
      const name = sites[next]!.metadata.name
      return [['sites', patch('sites', name, { lastSeenTime: at(tickMs) })]]
    },
  }
}
