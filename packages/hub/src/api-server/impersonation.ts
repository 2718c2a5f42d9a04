import { mastersGroup } from '@skerry/api/api-token'
import {
  anonymousName,
  authenticatedGroup,
  parseServiceAccountName,
  serviceAccountGroups,
  unauthenticatedGroup,
} from '../trust/user.ts'
import {
  type ApiRequest,
  type Attributes,
  type Authorize,
  type User,
  forbidden,
} from './authorization.ts'
import { impersonatorsRememberedMax } from './limits.ts'
import { type WantedUser, wantedUserOf } from './wanted-user.ts'

/** Who a request acts for: the user itself, unless `Impersonate-*` headers say otherwise. Throws Forbidden or BadRequest. */
export type Impersonate = (
  user: User,
  request: Pick<ApiRequest, 'rawHeaders'>,
  attributes: Attributes,
) => Promise<User> | User

/**
 * How somebody may act for another (kep.k8s.io/5284). Of the constrained ways each lets one sort of user be
 * acted for, and only to do what `impersonate-on:WAY:VERB` allows; the old way, `impersonate`, lets do anything.
 */
type Way = {
  /** The verb; `impersonate` alone is the old way. */
  readonly verb: string
  readonly on?: string
  readonly group: string
  readonly fits: (wanted: WantedUser) => boolean
}

const constrained = (name: string, fits: Way['fits']): Way => ({
  verb: `impersonate:${name}`,
  on: `impersonate-on:${name}:`,
  group: 'authentication.k8s.io',
  fits,
})

const nodePattern = /^system:node:[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/
const isNode = ({ name }: WantedUser) => nodePattern.test(name)
const isAccount = ({ name }: WantedUser) => parseServiceAccountName(name) !== undefined
const isNameAlone = ({ uid, groups, extra }: WantedUser) =>
  uid === '' && groups.length === 0 && extra.size === 0

const ways: readonly Way[] = [
  constrained('arbitrary-node', (wanted) => isNameAlone(wanted) && isNode(wanted)),
  constrained('serviceaccount', (wanted) => isNameAlone(wanted) && isAccount(wanted)),
  constrained('user-info', (wanted) => !isNode(wanted) && !isAccount(wanted)),
  { verb: 'impersonate', group: '', fits: () => true },
]

/** Lets users act for others as far as `authorize` allows it. */
export function createImpersonation(authorize: Authorize): Impersonate {
  // By which way each last came through is asked first: most use one and the same, and its refusal is the
  // one that tells them something.
  const lastWays = new Map<string, Way>()
  return async (user, request, attributes) => {
    const wanted = wantedUserOf(request)
    if (wanted === undefined) return user
    const last = lastWays.get(user.name)
    const ordered = last === undefined ? ways : [last, ...ways.filter((way) => way !== last)]
    let refusal: unknown
    for (const way of ordered.filter(({ fits }) => fits(wanted)))
      try {
        for (const asked of checksOf(user, wanted, { way, attributes }))
          await demand(authorize, user, asked)
        remember(lastWays, user.name, way)
        return { ...actingUser(way, wanted), impersonator: user }
      } catch (thrown) {
        refusal ??= thrown
      }
    throw refusal
  }
}

function remember(lastWays: Map<string, Way>, name: string, way: Way): void {
  lastWays.delete(name)
  lastWays.set(name, way)
  if (lastWays.size > impersonatorsRememberedMax) lastWays.delete(lastWays.keys().next().value!)
}

async function demand(authorize: Authorize, user: User, asked: Attributes): Promise<void> {
  const decision = await authorize(user, asked)
  if (!decision.allowed) throw forbidden(user, asked, decision.reason)
  // Whoever may act on some sites only would shed that by becoming somebody else.
  if (decision.sites !== undefined)
    throw forbidden(user, asked, 'a binding that is limited to sites lets nobody act for others')
}

/** All that must be allowed, in Kubernetes' order. */
function* checksOf(
  user: User,
  wanted: WantedUser,
  { way, attributes }: { readonly way: Way; readonly attributes: Attributes },
): Generator<Attributes, void> {
  const isConstrained = way.on !== undefined
  if (isConstrained) yield { ...attributes, verb: `${way.on}${attributes.verb}` }
  const attribute = (resource: string, name: string, group = way.group) =>
    ({ type: 'resource', verb: way.verb, group, version: 'v1', resource, name }) as const
  const account = parseServiceAccountName(wanted.name)
  if (isConstrained && isNode(wanted)) yield attribute('nodes', wanted.name.slice(12))
  else if (account === undefined) yield attribute('users', wanted.name)
  else yield { ...attribute('serviceaccounts', account.name), namespace: account.namespace }
  if (wanted.uid !== '') yield attribute('uids', wanted.uid, 'authentication.k8s.io')
  for (const group of wanted.groups) {
    const asked = attribute('groups', group)
    if (isConstrained && group === mastersGroup)
      throw forbidden(user, asked, `impersonating the ${mastersGroup} group is not allowed`)
    yield asked
  }
  for (const [key, values] of wanted.extra)
    for (const value of values)
      yield { ...attribute('userextras', value, 'authentication.k8s.io'), subresource: key }
}

function actingUser(way: Way, wanted: WantedUser): User {
  const { name, uid, extra } = wanted
  const given = groupsOf(way, wanted)
  const always = name === anonymousName ? unauthenticatedGroup : authenticatedGroup
  const isComplete = given.includes(always) || given.includes(unauthenticatedGroup)
  return {
    name,
    groups: isComplete ? given : [...given, always],
    ...(uid === '' ? {} : { uid }),
    ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
  }
}

function groupsOf(way: Way, wanted: WantedUser): readonly string[] {
  const account = parseServiceAccountName(wanted.name)
  if (account !== undefined && wanted.groups.length === 0)
    return serviceAccountGroups(account.namespace)
  return way.on !== undefined && isNode(wanted) ? ['system:nodes'] : wanted.groups
}
