import { type AnyBinding, type AnyRole, type PolicyRule, subjectsOf } from '@skerry/api/kinds/rbac'
import { parseSiteSelector, siteSelectorAnnotation } from '@skerry/api/kinds/rbac-problems'
import type { LabelSelector } from '@skerry/api/selector'
import { type CompiledRules, compileRules } from './rule-match.ts'

/** What a binding gives to one of its subjects. */
export type Grant = {
  /** `ClusterRoleBinding "a" of ClusterRole "b" to User "c"` */
  readonly told: string
  /** `ClusterRoleBinding "a"` */
  readonly binding: string
  readonly role: string
  /** What is said when the role is not there. */
  readonly missing: string
  /** Absent: everywhere. */
  readonly sites: LabelSelector | undefined
  readonly siteText: string
}

export type Held = {
  readonly rules: readonly PolicyRule[]
  readonly compiled: CompiledRules
}

type Subjects = Map<string, Map<string, Grant>>

/**
 * Who was given what: grants are found by user and group, roles by name. Bindings and roles come and go
 * one by one, so that a change costs what it changes.
 */
export class Grants {
  readonly #roles = new Map<string, Held>()
  readonly #everywhere: Subjects = new Map()
  readonly #within = new Map<string, Subjects>()
  /** Where a binding has its grants, to take them away. */
  readonly #places = new Map<string, readonly (readonly [Subjects, string])[]>()
  #limitedCount = 0
  readonly #limited = new Set<string>()

  /** Whether anything is limited to sites. */
  get isLimitedAnywhere(): boolean {
    return this.#limitedCount > 0
  }

  role(key: string): Held | undefined {
    return this.#roles.get(key)
  }

  setRole(role: AnyRole): void {
    const rules: readonly PolicyRule[] = role.rules ?? []
    this.#roles.set(roleKey(role.metadata), { rules, compiled: compileRules(rules) })
  }

  removeRole({ metadata }: AnyRole): void {
    this.#roles.delete(roleKey(metadata))
  }

  setBinding(binding: AnyBinding): void {
    this.removeBinding(binding)
    const { namespace } = binding.metadata
    const key = bindingKey(binding)
    const subjects = namespace === undefined ? this.#everywhere : this.#subjectsIn(namespace)
    const places: (readonly [Subjects, string])[] = []
    for (const [index, subject] of subjectsOf(binding).entries()) {
      const name = subjectKey(subject, namespace)
      if (name === undefined) continue
      const grant = grantOf(binding, index)
      if (grant === undefined) continue
      const grants = subjects.get(name) ?? new Map<string, Grant>()
      subjects.set(name, grants)
      if (grants.has(key)) continue
      grants.set(key, grant)
      places.push([subjects, name])
      if (grant.sites !== undefined) this.#limited.add(key)
    }
    this.#places.set(key, places)
    this.#limitedCount = this.#limited.size
  }

  removeBinding(binding: AnyBinding): void {
    const key = bindingKey(binding)
    for (const [subjects, name] of this.#places.get(key) ?? []) {
      const grants = subjects.get(name)
      grants?.delete(key)
      if (grants?.size === 0) subjects.delete(name)
    }
    this.#places.delete(key)
    this.#limited.delete(key)
    this.#limitedCount = this.#limited.size
  }

  /** All that a user was given which counts in a namespace; everywhere first, as in Kubernetes. */
  *grantsOf(
    user: { readonly name: string; readonly groups: readonly string[] },
    namespace: string | undefined,
  ): Generator<Grant> {
    const inside = namespace === undefined ? undefined : this.#within.get(namespace)
    for (const subjects of inside === undefined ? [this.#everywhere] : [this.#everywhere, inside]) {
      const own = subjects.get(`User ${user.name}`)
      if (own !== undefined) yield* own.values()
      for (const group of user.groups) {
        const shared = subjects.get(`Group ${group}`)
        if (shared !== undefined) yield* shared.values()
      }
    }
  }

  #subjectsIn(namespace: string): Subjects {
    const known = this.#within.get(namespace)
    if (known !== undefined) return known
    const made: Subjects = new Map()
    this.#within.set(namespace, made)
    return made
  }
}

function roleKey({ namespace, name }: { readonly namespace?: string; readonly name: string }) {
  return namespace === undefined ? name : `${namespace}/${name}`
}

function bindingKey({ metadata }: AnyBinding): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

/** How the one who is meant is found: a service account is a user with a name of its own. */
function subjectKey(
  subject: { readonly kind: string; readonly name: string; readonly namespace?: string },
  bindingNamespace: string | undefined,
): string | undefined {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind} ${subject.name}`
  const own = subject.namespace ?? ''
  const namespace = own === '' ? (bindingNamespace ?? '') : own
  return namespace === '' ? undefined : `User system:serviceaccount:${namespace}:${subject.name}`
}

/** Undefined if it is limited in a way that nobody understands: then it gives nothing. */
function grantOf(binding: AnyBinding, index: number): Grant | undefined {
  const { metadata, roleRef } = binding
  const { name, namespace, annotations } = metadata
  const siteText = annotations?.[siteSelectorAnnotation]
  const parsed = siteText === undefined ? undefined : parseSiteSelector(siteText)
  if (parsed?.ok === false) return undefined
  const subject = subjectsOf(binding)[index]!
  const who = subject.kind === 'ServiceAccount' ? `/${subject.namespace ?? ''}` : ''
  const isNamespaced = roleRef.kind === 'Role'
  const told = `${binding.kind} ${JSON.stringify(roleBindingName(name, namespace))}`
  return {
    told: `${told} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${subject.name}${who}"`,
    binding: told,
    role: isNamespaced ? `${namespace ?? ''}/${roleRef.name}` : roleRef.name,
    missing: `${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io "${roleRef.name}" not found`,
    sites: parsed?.selector,
    siteText: siteText ?? '',
  }
}

function roleBindingName(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${name}/${namespace}`
}
