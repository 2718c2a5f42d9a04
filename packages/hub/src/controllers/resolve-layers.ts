import type { Layer, ResolvedLayer } from '@skerry/api/kinds/layer'
import type { ModelVersion } from '@skerry/api/kinds/model'
import { contentDigest } from './content-digest.ts'

export type ResolvedLayers =
  | { readonly ok: true; readonly layers: ResolvedLayer[] }
  | { readonly ok: false; readonly message: string }

/** The layers of a profile with everything looked up, or what is missing. */
export function resolveLayers(
  layers: readonly Layer[],
  versions: readonly ModelVersion[],
): ResolvedLayers {
  const resolved: ResolvedLayer[] = []
  for (const layer of layers) {
    const one = layer.type === 'model' ? modelLayer(layer, versions) : workloadLayer(layer)
    if (typeof one === 'string') return { ok: false, message: one }
    resolved.push(one)
  }
  return { ok: true, layers: resolved }
}

function modelLayer(layer: Layer, versions: readonly ModelVersion[]): ResolvedLayer | string {
  const wanted = layer.model!
  const ofModel = versions.filter(({ spec }) => spec.model === wanted.name)
  const version =
    wanted.version === undefined
      ? newestVersion(ofModel)
      : ofModel.find(({ spec }) => spec.version === wanted.version)
  if (version === undefined)
    return wanted.version === undefined
      ? `layer ${layer.name}: model ${wanted.name} has no version yet: push one`
      : `layer ${layer.name}: model ${wanted.name} has no version ${wanted.version}: push it, or name another`
  const { spec } = version
  return {
    name: layer.name,
    type: 'model',
    digest: spec.digest,
    model: {
      name: spec.model,
      version: spec.version,
      repository: spec.repository,
      manifestDigest: spec.manifestDigest,
      sizeBytes: spec.sizeBytes,
      ...(wanted.port === undefined ? {} : { port: wanted.port }),
    },
  }
}

function workloadLayer(layer: Layer): ResolvedLayer {
  const workload = layer.workload!
  return { name: layer.name, type: 'workload', digest: contentDigest(workload), workload }
}

/** By time of creation; within one second by version of the object, then by name. */
export function newestVersion(versions: readonly ModelVersion[]): ModelVersion | undefined {
  return versions.toSorted((left, right) => {
    const one = left.metadata
    const two = right.metadata
    return (
      Date.parse(two.creationTimestamp) - Date.parse(one.creationTimestamp) ||
      Number(two.resourceVersion) - Number(one.resourceVersion) ||
      (two.name < one.name ? -1 : 1)
    )
  })[0]
}
