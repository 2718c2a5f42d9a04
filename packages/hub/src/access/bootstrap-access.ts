import { equalJson } from '@skerry/base/json'
import type { AnyKind, ObjectOf } from '@skerry/api/kind'
import {
  type ClusterRole,
  type ClusterRoleBinding,
  type PolicyRule,
  clusterRoleBindingKind,
  clusterRoleKind,
  subjectsOf,
} from '@skerry/api/kinds/rbac'
import { rbacGroup } from '@skerry/api/kinds/rbac-problems'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { fillAggregatingRoles } from './aggregate-roles.ts'
import {
  type BootstrapBinding,
  type BootstrapRole,
  bootstrapBindings,
  bootstrapRoles,
} from './bootstrap-roles.ts'
import { bootstrapTriesMax } from './limits.ts'
import { compileRules } from './rule-match.ts'
import { uncoveredRules } from './rule-coverage.ts'

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'
const bootstrapping = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }

/**
 * Makes the roles and bindings that every hub has where they are missing, and gives back what was taken
 * from them, unless their annotation `rbac.authorization.kubernetes.io/autoupdate` is "false".
 */
export async function bootstrapAccess(state: State, kinds: readonly AnyKind[]): Promise<void> {
  await Promise.all([
    ...bootstrapRoles(kinds).map((role) =>
      put(state, clusterRoleKind, {
        wanted: wantedRole(role),
        mend: (found) => mendedRole(found as ClusterRole, role),
      }),
    ),
    ...bootstrapBindings.map((binding) =>
      put(state, clusterRoleBindingKind, {
        wanted: wantedBinding(binding),
        mend: (found) => mendedBinding(found as ClusterRoleBinding, binding),
      }),
    ),
  ])
  try {
    await fillAggregatingRoles(state)
  } catch (thrown) {
    // Another hub, or the controller, does the same at this moment.
    if (!isApiError(thrown, 'Conflict', 'NotFound')) throw thrown
  }
}

type Wanted = { readonly metadata: { readonly name: string }; readonly [field: string]: unknown }

type Put = {
  readonly wanted: Wanted
  /** The object as it should be; the same if it is. */
  readonly mend: (found: ClusterRole | ClusterRoleBinding) => ClusterRole | ClusterRoleBinding
}

async function put(
  state: State,
  kind: typeof clusterRoleKind | typeof clusterRoleBindingKind,
  { wanted, mend }: Put,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      const found = (await state.get(kind, { name: wanted.metadata.name })) as
        | ClusterRole
        | ClusterRoleBinding
        | undefined
      if (found === undefined) {
        await state.create(kind, wanted)
        return
      }
      if (found.metadata.annotations?.[autoUpdate] === 'false') return
      const mended = mend(found)
      if (mended === found) return
      if ('roleRef' in mended && !equalJson(mended.roleRef, wanted['roleRef'])) {
        // What a binding gives cannot be changed: it is made anew.
        await state.delete(kind, { name: wanted.metadata.name })
        await state.create(kind, wanted)
        return
      }
      await state.update(kind, mended)
      return
    } catch (thrown) {
      // Another hub starts at the same time.
      const isRace = isApiError(thrown, 'AlreadyExists', 'Conflict', 'NotFound')
      if (!isRace || attempt >= bootstrapTriesMax) throw thrown
    }
}

function metadataOf(name: string, labels: Readonly<Record<string, string>> = {}) {
  return {
    name,
    labels: { ...bootstrapping, ...labels },
    annotations: { [autoUpdate]: 'true' },
  }
}

function wantedRole({ name, rules, labels, aggregates }: BootstrapRole): Wanted {
  return {
    metadata: metadataOf(name, labels),
    ...(aggregates === undefined
      ? { rules }
      : { aggregationRule: { clusterRoleSelectors: aggregates.map(selectorOf) } }),
  }
}

const selectorOf = (label: string) => ({ matchLabels: { [label]: 'true' } })

function wantedBinding({ name, role, groups }: BootstrapBinding): Wanted {
  return {
    metadata: metadataOf(name),
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: role },
    subjects: groups.map(groupOf),
  }
}

const groupOf = (name: string) => ({ kind: 'Group', apiGroup: rbacGroup, name })

function mendedRole(found: ClusterRole, role: BootstrapRole): ClusterRole {
  const mended: ClusterRole = { ...found, metadata: mendedMetadata(found, role.labels) }
  if (role.aggregates === undefined) {
    const rules: readonly PolicyRule[] = found.rules ?? []
    const missing = uncoveredRules([compileRules(rules)], role.rules ?? [])
    if (missing.length > 0) mended.rules = [...rules, ...missing]
  } else {
    const selectors = found.aggregationRule?.clusterRoleSelectors ?? []
    const missing = role.aggregates
      .map(selectorOf)
      .filter((wanted) => !selectors.some((one) => equalJson(one, wanted)))
    if (missing.length > 0)
      mended.aggregationRule = { clusterRoleSelectors: [...selectors, ...missing] }
  }
  return equalJson(mended, found) ? found : mended
}

function mendedBinding(found: ClusterRoleBinding, binding: BootstrapBinding): ClusterRoleBinding {
  const subjects = subjectsOf(found)
  const missing = binding.groups
    .map(groupOf)
    .filter(({ name }) => !subjects.some((one) => one.kind === 'Group' && one.name === name))
  const mended = {
    ...found,
    metadata: mendedMetadata(found),
    subjects: [...subjects, ...missing],
  }
  const isRight = found.roleRef.kind === 'ClusterRole' && found.roleRef.name === binding.role
  return isRight && equalJson(mended, found) ? found : mended
}

function mendedMetadata(
  { metadata }: ObjectOf<typeof clusterRoleKind | typeof clusterRoleBindingKind>,
  labels: Readonly<Record<string, string>> = {},
) {
  const wanted = metadataOf(metadata.name, labels)
  return {
    ...metadata,
    labels: { ...metadata.labels, ...wanted.labels },
    annotations: { ...metadata.annotations, ...wanted.annotations },
  }
}
