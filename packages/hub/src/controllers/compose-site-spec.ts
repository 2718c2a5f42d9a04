import type { ResolvedLayer } from '@skerry/api/kinds/layer'
import type { Site } from '@skerry/api/kinds/site'
import type { Prefetch, SiteLayer } from '@skerry/api/site-spec'
import { renderLayers } from './render-layers.ts'

export type SpecContent = {
  readonly layers: SiteLayer[]
  readonly timeZone: string
  readonly telemetryIntervalSeconds: number
  readonly prefetch?: Prefetch
}

export type ComposedSpec =
  | { readonly ok: true; readonly content: SpecContent }
  | { readonly ok: false; readonly message: string }

/** All that a site shall run: what its fleets assigned, with its variables filled in. */
export function composeSiteSpec(
  site: Site,
  layersOf: (revision: string) => readonly ResolvedLayer[] | undefined,
): ComposedSpec {
  const owners = new Map<string, string>()
  const layers: SiteLayer[] = []
  for (const { fleet, profileRevision, attempt } of site.status?.assigned ?? []) {
    const found = layersOf(profileRevision)
    if (found === undefined)
      return refuse(`ProfileRevision ${profileRevision} of fleet ${fleet} does not exist.`)
    const rendered = renderLayers(found, site.spec.variables)
    if (!rendered.ok) return refuse(rendered.message)
    for (const layer of rendered.layers) {
      const other = owners.get(layer.name)
      if (other !== undefined)
        return refuse(
          `Layer ${layer.name} comes from fleets ${other} and ${fleet}: rename one, or change a selector.`,
        )
      owners.set(layer.name, fleet)
      layers.push({ ...layer, attempt })
    }
  }
  const prefetch = prefetchOf(site, layers, layersOf)
  return {
    ok: true,
    content: {
      layers,
      ...(prefetch === undefined ? {} : { prefetch }),
      timeZone: site.spec.timeZone,
      telemetryIntervalSeconds: site.spec.telemetry.intervalSeconds,
    },
  }
}

/** Models that will be assigned and may be fetched before; where fleets differ, while all say so. */
function prefetchOf(
  site: Site,
  layers: readonly SiteLayer[],
  layersOf: (revision: string) => readonly ResolvedLayer[] | undefined,
): Prefetch | undefined {
  const known = new Set(layers.map(({ digest }) => digest))
  const coming = (site.status?.assigned ?? []).flatMap(({ next, attempt }) => {
    const found = next === undefined ? undefined : layersOf(next.profileRevision)
    const models = (found ?? []).filter(
      ({ type, digest }) => type === 'model' && !known.has(digest),
    )
    return models.map((layer) => ({ isOpen: next!.isOpen, layer: { ...layer, attempt } }))
  })
  const byName = new Map(coming.map(({ layer }) => [layer.name, layer]))
  if (byName.size === 0) return undefined
  return { isOpen: coming.every(({ isOpen }) => isOpen), layers: [...byName.values()] }
}

const refuse = (message: string) => ({ ok: false, message }) as const

/** What the site may fetch: the files of its models and of its operating system, and their manifests. */
export function blobsOf({ layers, prefetch }: SpecContent): string[] {
  const digests = [...layers, ...(prefetch?.layers ?? [])].flatMap(({ digest, model, os }) => {
    if (model !== undefined) return [digest, model.manifestDigest]
    return os === undefined ? [] : [digest, os.envelope.digest, os.root.digest, os.kernel.digest]
  })
  return [...new Set(digests)].toSorted()
}
