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
import { fakeSite } from './fake-sites.ts'

export type FakeWorld = {
  objects(resource: string): readonly FakeObject[]
  version(): number
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

export function fakeWorld(nowMs: number): FakeWorld {
  const sites = Array.from({ length: 14 }, (_, index) => fakeSite(index, nowMs))
  const { models, versions: modelVersions } = fakeModels(nowMs)
  const all: Record<string, FakeObject[]> = {
    namespaces: namespaces(nowMs, ['default', 'factory']),
    sites,
    models,
    modelversions: modelVersions,
    ...fakeRollouts(nowMs),
  }
  let next = 0
  return {
    objects: (resource) => all[resource] ?? [],
    version: newestVersion,
    tick: (tickMs) => {
      next = (next + 1) % 3
      const site = sites[next]!
      const status = { ...(site['status'] as object), lastSeenTime: at(tickMs) }
      const metadata = { ...site.metadata, resourceVersion: String(nextVersion()) }
      const changed = { ...site, metadata, status }
      sites[next] = changed
      return [['sites', changed]]
    },
  }
}
