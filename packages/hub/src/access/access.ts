import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { mastersGroup } from '@skerry/api/api-token'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import { type KindSource, derivedFromKinds } from '@skerry/api/kind-source'
import {
  type AnyBinding,
  type AnyRole,
  type PolicyRule,
  clusterRoleBindingKind,
  clusterRoleKind,
  roleBindingKind,
  roleKind,
} from '@skerry/api/kinds/rbac'
import { siteKind } from '@skerry/api/kinds/site'
import type { LabelSelector } from '@skerry/api/selector'
import type { State } from '@skerry/api/state'
import { unavailable } from '@skerry/api/status'
import type { Attributes, Decision, User } from '../api-server/authorization.ts'
import { devicesGroup } from '../trust/device-subject.ts'
import { decideAccess } from './decide-access.ts'
import { type Follower, followKind } from './follow-kind.ts'
import { Grants } from './grants.ts'
import type { CompiledRules } from './rule-match.ts'
import { selectorImplies } from './selector-implies.ts'
import { SiteLabels } from './site-labels.ts'
import { createSiteScopes } from './site-scope.ts'

export type AccessOptions = {
  readonly state: State
  readonly kinds: KindSource
  readonly clock: Clock
  readonly log: Log
}

export type HeldRules = {
  readonly rules: readonly PolicyRule[]
  /** Bindings that count for some sites only. */
  readonly limited: readonly string[]
  /** Roles that are bound and not there. */
  readonly missing: readonly string[]
}

/** Who may do what, from memory. Throws 503 as long as the roles have not been read. */
export type Access = AsyncDisposable & {
  readonly authorize: (user: User, attributes: Attributes) => Decision
  /** All that somebody may do in a namespace, or at the cluster scope. */
  readonly rulesOf: (user: User, namespace: string | undefined) => HeldRules
  /** What somebody holds there in full, or at least for the sites that a selector chooses. */
  readonly compiledOf: (
    user: User,
    namespace: string | undefined,
    sites: LabelSelector | undefined,
  ) => { readonly held: readonly CompiledRules[]; readonly missing: readonly string[] }
  /** Resolves when everything has been read; rejects when it has not. For `/readyz`. */
  readonly check: () => Promise<void>
  /** Resolves once everything has been read. */
  readonly synced: Promise<void>
}

/** Reads roles and bindings, follows them, and decides. */
export function openAccess(options: AccessOptions): Access {
  const { clock, kinds } = options
  const stop = new AbortController()
  const follow = { ...options, signal: stop.signal }
  const grants = new Grants()
  const sites = new SiteLabels(clock)
  const scopeOf = createSiteScopes(sites)
  const followSites = onceStarted(() =>
    followKind(follow, siteKind, {
      all: (objects, version) => sites.setAll(objects, version),
      one: (type, site) => (type === 'DELETED' ? sites.remove(site) : sites.set(site)),
    }),
  )
  const { running, synced, isSynced } = followGrants(follow, grants, () => {
    if (grants.isLimitedAnywhere) followSites.start()
  })
  const siteKinds = derivedFromKinds(
    kinds,
    (all) => new Set(all.filter(isOfSites).map(resourceName)),
  )
  const assertRead = (): void => {
    if (!isSynced()) throw unavailable('The roles have not been read yet: try again in a moment.')
  }
  return {
    synced,
    authorize: (user, attributes) => {
      const known = decideByGroup(user)
      if (known !== undefined) return known
      assertRead()
      const verdict = decideAccess(grants, user, {
        attributes,
        isOfSites: attributes.type === 'resource' && siteKinds().has(nameOf(attributes)),
      })
      switch (verdict.verdict) {
        case 'allow':
          return { allowed: true, reason: verdict.reason }
        case 'deny':
          return { allowed: false, reason: verdict.reason }
        case 'limit':
          return {
            allowed: true,
            reason: verdict.reason,
            sites: scopeOf(verdict.key, verdict.selectors),
          }
      }
    },
    rulesOf: (user, namespace) => {
      assertRead()
      return rulesOf(grants, user, namespace)
    },
    compiledOf: (user, namespace, selector) => {
      assertRead()
      return compiledOf(grants, user, { namespace, selector })
    },
    check: async () => assertRead(),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('The hub stops.'))
      await Promise.all([running, followSites.running()])
    },
  }
}

/** What is so whatever the roles say. */
function decideByGroup({ groups }: User): Decision | undefined {
  // A device's certificate opens the device gateway; whatever else it claims to be, not the API.
  if (groups.includes(devicesGroup))
    return { allowed: false, reason: 'certificates of devices open the device gateway only' }
  return groups.includes(mastersGroup) ? { allowed: true } : undefined
}

const isOfSites = ({ siteAt }: AnyKind): boolean => siteAt !== undefined

function nameOf({ group, resource }: Extract<Attributes, { type: 'resource' }>): string {
  return resourceName({ group, plural: resource })
}

function followGrants(
  options: Parameters<typeof followKind>[0],
  grants: Grants,
  changed: () => void,
): { running: Promise<unknown>; synced: Promise<void>; isSynced: () => boolean } {
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  const waiting = new Set(['roles', 'cluster roles', 'role bindings', 'cluster role bindings'])
  const read = (what: string): void => {
    waiting.delete(what)
    changed()
    if (waiting.size === 0) resolve()
  }
  const roles = (what: string): Follower<AnyKind> =>
    keeping<AnyRole>(
      (role) => grants.setRole(role),
      (role) => grants.removeRole(role),
      () => read(what),
    )
  const bindings = (what: string): Follower<AnyKind> =>
    keeping<AnyBinding>(
      (binding) => grants.setBinding(binding),
      (binding) => grants.removeBinding(binding),
      () => read(what),
    )
  const running = Promise.all([
    followKind<AnyKind>(options, roleKind, roles('roles')),
    followKind<AnyKind>(options, clusterRoleKind, roles('cluster roles')),
    followKind<AnyKind>(options, roleBindingKind, bindings('role bindings')),
    followKind<AnyKind>(options, clusterRoleBindingKind, bindings('cluster role bindings')),
  ])
  return { running, synced, isSynced: () => waiting.size === 0 }
}

type Named = { readonly metadata: { readonly namespace?: string; readonly name: string } }

/** Keeps what it is told of; when all is told anew, what is not there any more is taken away. */
function keeping<T extends Named>(
  set: (object: T) => void,
  remove: (object: T) => void,
  told: () => void,
): Follower<AnyKind> {
  let kept = new Map<string, T>()
  return {
    all: (objects) => {
      const next = new Map(objects.map((object) => [keyOf(object), object as unknown as T]))
      for (const [key, object] of kept) if (!next.has(key)) remove(object)
      for (const object of next.values()) set(object)
      kept = next
      told()
    },
    one: (type, object) => {
      const one = object as unknown as T
      if (type === 'DELETED') {
        kept.delete(keyOf(one))
        remove(one)
      } else {
        kept.set(keyOf(one), one)
        set(one)
      }
      told()
    },
  }
}

const keyOf = ({ metadata }: Named) => `${metadata.namespace ?? ''}/${metadata.name}`

function onceStarted(run: () => Promise<void>): { start(): void; running(): Promise<void> } {
  let started: Promise<void> | undefined
  return {
    start: () => {
      started ??= run()
    },
    running: async () => started,
  }
}

function rulesOf(grants: Grants, user: User, namespace: string | undefined): HeldRules {
  const rules: PolicyRule[] = []
  const limited = new Set<string>()
  const missing = new Set<string>()
  for (const grant of grants.grantsOf(user, namespace)) {
    const role = grants.role(grant.role)
    if (role === undefined) missing.add(grant.missing)
    else {
      rules.push(...role.rules)
      if (grant.sites !== undefined)
        limited.add(`${grant.binding} counts for sites with ${grant.siteText} only`)
    }
  }
  return { rules, limited: [...limited], missing: [...missing] }
}

function compiledOf(
  grants: Grants,
  user: User,
  where: { readonly namespace: string | undefined; readonly selector: LabelSelector | undefined },
): { held: CompiledRules[]; missing: string[] } {
  const { namespace, selector } = where
  const held = new Set<CompiledRules>()
  const missing = new Set<string>()
  for (const grant of grants.grantsOf(user, namespace)) {
    const role = grants.role(grant.role)
    const isWideEnough =
      grant.sites === undefined ||
      (selector !== undefined && selectorImplies(selector, grant.sites))
    if (role === undefined) missing.add(grant.missing)
    else if (isWideEnough) held.add(role.compiled)
  }
  return { held: [...held], missing: [...missing] }
}
