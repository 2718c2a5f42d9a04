import type { Layer, ResolvedLayer } from '@skerry/api/kinds/layer'
import type { ModelVersion } from '@skerry/api/kinds/model'
import type { OSImage } from '@skerry/api/kinds/os-image'
import { contentDigest } from './content-digest.ts'

export type ResolvedLayers =
  | { readonly ok: true; readonly layers: ResolvedLayer[] }
  | { readonly ok: false; readonly message: string }

/** What layers may name. */
export type Resolvable = {
  readonly versions: readonly ModelVersion[]
  readonly images: readonly OSImage[]
}

/** The layers of a profile with everything looked up, or what is missing. */
export function resolveLayers(
  layers: readonly Layer[],
  { versions, images }: Resolvable,
): ResolvedLayers {
  const resolved: ResolvedLayer[] = []
  for (const layer of layers) {
    const one = resolveLayer(layer, { versions, images })
    if (typeof one === 'string') return { ok: false, message: one }
    resolved.push(one)
  }
  return { ok: true, layers: resolved }
}

function resolveLayer(layer: Layer, { versions, images }: Resolvable): ResolvedLayer | string {
  switch (layer.type) {
    case 'os':
      return osLayer(layer, images)
    case 'model':
      return modelLayer(layer, versions)
    case 'workload':
      return workloadLayer(layer)
  }
}

function osLayer(layer: Layer, images: readonly OSImage[]): ResolvedLayer | string {
  const { image: name, ...policy } = layer.os!
  const image = images.find(({ metadata }) => metadata.name === name)
  if (image === undefined)
    return `layer ${layer.name}: there is no OSImage ${name}: push it, or name another`
  const { manifestDigest, repository, envelope, description } = image.spec
  const { version, imageId, root, kernel } = description
  return {
    name: layer.name,
    type: 'os',
    digest: manifestDigest,
    os: { image: name, version, imageId, repository, envelope, root, kernel, ...policy },
  }
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
