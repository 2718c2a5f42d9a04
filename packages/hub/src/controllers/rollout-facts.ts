import type { Fleet } from '@skerry/api/kinds/fleet'
import type { ResolvedLayer } from '@skerry/api/kinds/layer'
import { profileRevisionKind } from '@skerry/api/kinds/profile'
import type { Rollout } from '@skerry/api/kinds/rollout'
import type { Site } from '@skerry/api/kinds/site'
import type { Cached } from '@skerry/controller/controller'
import type { RolloutFacts, SiteFacts, WantedContent } from '@skerry/rollout/rollout-facts'
import { assignedBy } from './fleet-sites.ts'
import { renderLayers } from './render-layers.ts'

/** Layers of a revision, or undefined when there is no such revision. */
export type RevisionLayers = (revision: string) => readonly ResolvedLayer[] | undefined

export function revisionLayers(cached: Cached, namespace: string | undefined): RevisionLayers {
  return (name) => cached.get(profileRevisionKind, { namespace, name })?.spec.layers
}

/** Everything but the measurements, from what is known of the sites. */
export function siteFactsOf(
  site: Site,
  fleet: string,
  rollout: Rollout,
  layersOf: RevisionLayers,
): SiteFacts {
  const status = site.status ?? {}
  const assigned = assignedBy(site, fleet)
  const { revision, previousRevision } = rollout.spec
  return {
    name: site.metadata.name,
    labels: site.metadata.labels,
    timeZone: site.spec.timeZone,
    connectivity: status.connectivity ?? 'Never',
    health: status.health ?? 'Unknown',
    healthMessage: status.healthMessage,
    assigned,
    wanted: contentOf(site, revision, layersOf),
    ...(previousRevision === undefined
      ? {}
      : { previous: contentOf(site, previousRevision, layersOf) }),
    isFetched: isFetched(status, layersOf(revision) ?? []),
    layers: status.layers ?? [],
    failed: status.failed ?? [],
  }
}

/** Whether the site has the files of all models of a revision. */
function isFetched(
  { fetched = [], layers = [] }: NonNullable<Site['status']>,
  wanted: readonly ResolvedLayer[],
): boolean {
  const models = wanted.filter(({ type }) => type === 'model')
  return models.every(
    ({ digest }) => fetched.includes(digest) || layers.some((layer) => layer.digest === digest),
  )
}

function contentOf(site: Site, revision: string, layersOf: RevisionLayers): WantedContent {
  const layers = layersOf(revision)
  if (layers === undefined)
    return { ok: false, message: `ProfileRevision ${revision} does not exist any more.` }
  const rendered = renderLayers(layers, site.spec.variables)
  return rendered.ok
    ? { ok: true, layers: rendered.layers.map(({ name, digest }) => ({ name, digest })) }
    : rendered
}

/** The models of the new revision, with the content that ran before under the same name. */
export type MeasuredModel = RolloutFacts['models'][number] & {
  readonly digest: string
  readonly previousDigest?: string | undefined
}

export function measuredModels(rollout: Rollout, layersOf: RevisionLayers): MeasuredModel[] {
  const { revision, previousRevision } = rollout.spec
  const before = previousRevision === undefined ? [] : (layersOf(previousRevision) ?? [])
  const seen = new Set<string>()
  return (layersOf(revision) ?? []).flatMap((layer): MeasuredModel[] => {
    if (layer.model === undefined || seen.has(layer.model.name)) return []
    const { name, version } = layer.model
    seen.add(name)
    const previous = before.find((each) => each.model?.name === name)
    return [
      {
        name,
        version,
        digest: layer.digest,
        hasPrevious: previous !== undefined,
        previousDigest: previous?.digest,
      },
    ]
  })
}

/** The layer of the operating system, if the rollout changes what machines start. */
export function changedOs(
  { spec }: Rollout,
  layersOf: RevisionLayers,
): NonNullable<RolloutFacts['changedOs']> | undefined {
  const layer = layersOf(spec.revision)?.find(({ type }) => type === 'os')
  if (layer?.os === undefined) return undefined
  const before = spec.previousRevision === undefined ? [] : layersOf(spec.previousRevision)
  if (before?.some(({ type, digest }) => type === 'os' && digest === layer.digest) === true)
    return undefined
  return { layer: layer.name, version: layer.os.version }
}

export type FactsInput = {
  readonly fleet: Fleet
  readonly rollout: Rollout
  readonly sites: readonly Site[]
  readonly layersOf: RevisionLayers
}
