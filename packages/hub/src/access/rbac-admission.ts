import { equalJson } from '@skerry/base/json'
import { mastersGroup } from '@skerry/api/api-token'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import {
  type AnyBinding,
  type ClusterRole,
  type PolicyRule,
  clusterRoleBindingKind,
  clusterRoleKind,
  roleBindingKind,
  roleKind,
} from '@skerry/api/kinds/rbac'
import {
  parseSiteSelector,
  rbacGroup,
  siteSelectorAnnotation,
} from '@skerry/api/kinds/rbac-problems'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import { applyDefaults } from '@skerry/api/schema-defaults'
import { validateSchema } from '@skerry/api/schema-validate'
import type { LabelSelector } from '@skerry/api/selector'
import type { State } from '@skerry/api/state'
import { ApiError, notFound } from '@skerry/api/status'
import type { User } from '../api-server/authorization.ts'
import type { Admit, Extensions } from '../api-server/extension.ts'
import type { Access } from './access.ts'
import { aggregate } from './decide-access.ts'
import { missingRulesToldMax, permissionsGivenMax } from './limits.ts'
import { countAtoms, describeRules, quoted, uncoveredRules } from './rule-coverage.ts'

export type RbacAdmissionOptions = {
  readonly state: State
  readonly access: Pick<Access, 'authorize' | 'compiledOf' | 'rulesOf'>
}

/** Nobody gives what they do not have: checks who writes roles and bindings, as Kubernetes does. */
export function createRbacAdmission(options: RbacAdmissionOptions): Extensions {
  const admitOf = (kind: AnyKind, check: Check): { readonly admit: Admit } => ({
    admit: async (operation, object, before, { user }) => {
      if (operation === 'delete' || user.groups.includes(mastersGroup)) return object
      const written = normalized(kind, object)
      if (written === undefined || isOnlyForCollection(written, before)) return object
      await check(options, { kind, written, before, user })
      return object
    },
  })
  const kinds = [
    [roleKind, checkRole],
    [clusterRoleKind, checkRole],
    [roleBindingKind, checkBinding],
    [clusterRoleBindingKind, checkBinding],
  ] as const
  return Object.fromEntries(
    kinds.map(([kind, check]) => [resourceName(kind), admitOf(kind, check)]),
  )
}

type Written = {
  readonly kind: AnyKind
  readonly written: KubeObject
  readonly before: StoredObject | undefined
  readonly user: User
}

type Check = (options: RbacAdmissionOptions, write: Written) => Promise<void>

/** With its defaults; undefined if it has not the shape of its kind: the store says what is wrong. */
function normalized(kind: AnyKind, object: KubeObject): KubeObject | undefined {
  const { apiVersion, kind: name, metadata, ...body } = object
  if (validateSchema(kind.schema, body, '').length > 0) return undefined
  const whole = applyDefaults(kind.schema, kind.normalize?.(body) ?? body) as object
  return { apiVersion, kind: name, metadata, ...whole }
}

/** Whether nothing changes but who owns it and what keeps it: the garbage collector need hold nothing. */
function isOnlyForCollection(written: KubeObject, before: StoredObject | undefined): boolean {
  if (before === undefined) return false
  const { metadata, ...body } = written
  const { metadata: metadataBefore, ...bodyBefore } = before
  return (
    equalJson(body, bodyBefore) &&
    equalJson(metadata.labels ?? {}, metadataBefore.labels ?? {}) &&
    equalJson(metadata.annotations ?? {}, metadataBefore.annotations ?? {})
  )
}

const fullAuthority: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

async function checkRole(options: RbacAdmissionOptions, write: Written): Promise<void> {
  const { kind, written, before, user } = write
  const role = written as unknown as ClusterRole
  const { namespace, name } = role.metadata
  const mayEscalate = options.access.authorize(user, {
    type: 'resource',
    verb: 'escalate',
    group: kind.group,
    version: '*',
    resource: kind.plural,
    namespace,
    name: before === undefined ? undefined : name,
  })
  if (mayEscalate.allowed && mayEscalate.sites === undefined) return
  assertHolds(options, write, { rules: role.rules ?? [], sites: undefined })
  const aggregationBefore = before?.['aggregationRule'] ?? undefined
  if (role.aggregationRule === undefined && aggregationBefore === undefined) return
  const { held } = options.access.compiledOf(user, namespace, undefined)
  if (uncoveredRules(held, fullAuthority).length > 0)
    throw refused(write, 'must have cluster-admin privileges to use the aggregationRule')
}

async function checkBinding(options: RbacAdmissionOptions, write: Written): Promise<void> {
  const { kind, written, user } = write
  const binding = written as unknown as AnyBinding
  const { roleRef } = binding
  const { namespace, annotations } = binding.metadata
  const isClusterRole = roleRef.kind === 'ClusterRole'
  const mayBind = options.access.authorize(user, {
    type: 'resource',
    verb: 'bind',
    group: roleRef.apiGroup,
    version: '*',
    resource: isClusterRole ? 'clusterroles' : 'roles',
    namespace,
    name: roleRef.name,
  })
  if (mayBind.allowed && mayBind.sites === undefined) return
  // What it refers to is looked at as it is now, not as it was heard of: it may have been made just before.
  const role = isClusterRole
    ? await options.state.get(clusterRoleKind, { name: roleRef.name })
    : await options.state.get(roleKind, { namespace, name: roleRef.name })
  if (roleRef.apiGroup !== rbacGroup || role === undefined) throw notFound(kind, roleRef.name)
  const sites = sitesOf(annotations)
  assertHolds(options, write, { rules: role.rules ?? [], sites })
}

/** The sites that a binding is limited to; one that cannot be read counts as none and is refused later. */
function sitesOf(
  annotations: Readonly<Record<string, string>> | undefined,
): LabelSelector | undefined {
  const text = annotations?.[siteSelectorAnnotation]
  const parsed = text === undefined ? undefined : parseSiteSelector(text)
  return parsed?.ok === true ? parsed.selector : undefined
}

function assertHolds(
  { access }: RbacAdmissionOptions,
  write: Written,
  given: { readonly rules: readonly PolicyRule[]; readonly sites: LabelSelector | undefined },
): void {
  const { user, written } = write
  const { namespace } = written.metadata
  const { held, missing } = access.compiledOf(user, namespace, given.sites)
  if (uncoveredRules(held, fullAuthority).length === 0) return
  if (countAtoms(given.rules) > permissionsGivenMax)
    throw refused(
      write,
      `the rules give more than ${permissionsGivenMax} single permissions, too many to check: split the role`,
    )
  const uncovered = uncoveredRules(held, given.rules)
  if (uncovered.length === 0) return
  const groups = `[${quoted(user.groups)}]`
  const what = describeRules(uncovered, missingRulesToldMax)
  const errors = missing.length === 0 ? '' : `; resolution errors: [${missing.join(', ')}]`
  const { limited } = access.rulesOf(user, namespace)
  const hint =
    limited.length === 0
      ? ''
      : `; ${aggregate(limited)}: limit the binding by the annotation ${siteSelectorAnnotation}`
  throw refused(
    write,
    `user ${JSON.stringify(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${what}${errors}${hint}`,
  )
}

function refused({ kind, written }: Written, why: string): ApiError {
  const name = String(written.metadata.name ?? '')
  return new ApiError('Forbidden', `${resourceName(kind)} "${name}" is forbidden: ${why}`, {
    name,
    group: kind.group,
    kind: kind.plural,
  })
}
