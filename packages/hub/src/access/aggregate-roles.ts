import { equalJson } from '@skerry/base/json'
import { type ClusterRole, type PolicyRule, clusterRoleKind } from '@skerry/api/kinds/rbac'
import { type LabelSelectorSpec, labelSelectorOf, matchesLabels } from '@skerry/api/selector'
import type { State } from '@skerry/api/state'
import { type Cached, type Controller, reads } from '@skerry/controller/controller'

/** admin gathers from edit, which gathers from view. */
const nestedAggregationsMax = 3

/** Fills in the rules of cluster roles that gather them from others. */
export const aggregateRolesController: Controller = {
  name: 'clusterrole-aggregation',
  reads: [
    reads(clusterRoleKind, (role, cached) => [
      ...new Set([role.metadata.name, ...aggregatingRoles(cached)]),
    ]),
  ],
  owns: [],
  reconcile: async (name, { state, cached }) => {
    const role = await state.get(clusterRoleKind, { name })
    if (role !== undefined) await fillRole(state, role, cached.list(clusterRoleKind))
  },
}

/** Fills all of them in once, so that they hold before anybody leads. */
export async function fillAggregatingRoles(state: State): Promise<void> {
  const { items } = await state.list(clusterRoleKind)
  // The rules of one that gathers may be gathered by another: as often as that may be nested here.
  for (let filled = items, round = 0; round < nestedAggregationsMax; round += 1)
    filled = await Promise.all(filled.map((role) => fillRole(state, role, filled)))
}

async function fillRole(
  state: State,
  role: ClusterRole,
  roles: readonly ClusterRole[],
): Promise<ClusterRole> {
  if (role.aggregationRule === undefined) return role
  const rules = aggregatedRules(role, roles)
  if (equalJson(rules, role.rules ?? [])) return role
  const fieldManager = 'clusterrole-aggregation-controller'
  return state.update(clusterRoleKind, { ...role, rules }, { fieldManager })
}

function aggregatingRoles(cached: Cached): string[] {
  return cached
    .list(clusterRoleKind)
    .filter(({ aggregationRule }) => aggregationRule !== undefined)
    .map(({ metadata }) => metadata.name)
}

/** The rules of all roles that its selectors choose, each once; roles come in the order of their names. */
export function aggregatedRules(
  { metadata, aggregationRule }: ClusterRole,
  roles: readonly ClusterRole[],
): PolicyRule[] {
  const sorted = roles.toSorted((left, right) =>
    left.metadata.name < right.metadata.name ? -1 : 1,
  )
  const seen = new Map<string, PolicyRule>()
  for (const selector of aggregationRule?.clusterRoleSelectors ?? []) {
    const parsed = labelSelectorOf(selector as LabelSelectorSpec)
    for (const role of sorted)
      if (role.metadata.name !== metadata.name && matchesLabels(parsed, role.metadata.labels))
        for (const rule of role.rules ?? []) seen.set(JSON.stringify(rule), rule)
  }
  return [...seen.values()]
}
