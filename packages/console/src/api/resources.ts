import type { Event, Namespace } from '@skerry/api/kinds/core'
import type { Device } from '@skerry/api/kinds/device'
import type { Fleet } from '@skerry/api/kinds/fleet'
import type { Model, ModelVersion } from '@skerry/api/kinds/model'
import type { ProfileRevision } from '@skerry/api/kinds/profile'
import type { Rollout } from '@skerry/api/kinds/rollout'
import type { Site } from '@skerry/api/kinds/site'
import type { RolloutVerb } from '../logic/rollout-verbs.ts'

/** The kinds that the console reads, by their plural. */
export type Resources = {
  namespaces: Namespace
  events: Event
  sites: Site
  devices: Device
  fleets: Fleet
  rollouts: Rollout
  models: Model
  modelversions: ModelVersion
  profilerevisions: ProfileRevision
}
export type ResourceName = keyof Resources

const skerry = '/apis/skerry.dev/v1alpha1'
const core = '/api/v1'

const bases: Record<ResourceName, string> = {
  namespaces: core,
  events: core,
  sites: skerry,
  devices: skerry,
  fleets: skerry,
  rollouts: skerry,
  models: skerry,
  modelversions: skerry,
  profilerevisions: skerry,
}

export type Selection = {
  /** Absent: a kind of the cluster. */
  readonly namespace?: string
  /** `metadata.name=depot-1`. */
  readonly fieldSelector?: string
}

export function collectionPath(resource: ResourceName, selection: Selection): string {
  const scope =
    selection.namespace === undefined
      ? ''
      : `/namespaces/${encodeURIComponent(selection.namespace)}`
  return `${bases[resource]}${scope}/${resource}`
}

export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) query.set(name, String(value))
  return query.size === 0 ? '' : `?${query}`
}

/** `-` as the name stands for every site of the namespace. */
export function metricsPath(
  namespace: string,
  site: string,
  range: { readonly sinceSeconds: number; readonly stepSeconds: number },
): string {
  const path = collectionPath('sites', { namespace })
  return `${path}/${encodeURIComponent(site)}/metrics${queryOf(range)}`
}

export function verbPath(namespace: string, rollout: string, verb: RolloutVerb): string {
  return `${collectionPath('rollouts', { namespace })}/${encodeURIComponent(rollout)}/${verb}`
}

export const sessionPath = '/auth/session'
