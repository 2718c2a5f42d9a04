/** What a fleet gives, as far as its newest revision is known. */
export type FleetLayers = {
  readonly fleet: string
  readonly sites: ReadonlySet<string>
  readonly layers: readonly string[]
}

/** A sentence for each other fleet that gives a layer of the same name to one of the same sites. */
export function layerConflicts(own: FleetLayers, others: readonly FleetLayers[]): string[] {
  return others.flatMap((other) => {
    const site = [...own.sites].find((name) => other.sites.has(name))
    const layer = own.layers.find((name) => other.layers.includes(name))
    return site === undefined || layer === undefined
      ? []
      : [
          `Layer ${layer} comes to site ${site} from fleet ${other.fleet} too: rename the layer, or change a selector.`,
        ]
  })
}
