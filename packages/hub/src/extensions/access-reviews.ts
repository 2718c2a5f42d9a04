import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { PolicyRule } from '@skerry/api/kinds/rbac'
import {
  type ResourceAttributes,
  type SubjectAccessSpec,
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
} from '@skerry/api/kinds/access-review'
import { type KindSource, derivedFromKinds } from '@skerry/api/kind-source'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import { type Problem, formatProblem } from '@skerry/api/problem'
import { validateSchema } from '@skerry/api/schema-validate'
import type { State } from '@skerry/api/state'
import { badRequest, invalid } from '@skerry/api/status'
import type { Access } from '../access/access.ts'
import { aggregate } from '../access/decide-access.ts'
import type { Attributes, Decision, User } from '../api-server/authorization.ts'
import type { Extensions, VirtualHandler } from '../api-server/extension.ts'

export type AccessReviewOptions = {
  readonly access: Pick<Access, 'authorize' | 'rulesOf'>
  readonly state: Pick<State, 'get'>
  readonly kinds: KindSource
}

/** Answers who may do what: `kubectl auth can-i`, and programs that ask for others. */
export function createAccessReviews(options: AccessReviewOptions): Extensions {
  const decide = deciderOf(options)
  const review = (problemsOf: (object: KubeObject, spec: SubjectAccessSpec) => Problem[]) => {
    const handler: VirtualHandler = {
      create: async ({ kind, object, user }) => {
        const spec = specOf<SubjectAccessSpec>(kind, object)
        const problems = [...metadataProblems(kind, object), ...problemsOf(object, spec)]
        // Kubernetes itself leaves the kind out here.
        if (problems.length > 0) throw invalid({ ...kind, kind: '' }, '', problems)
        const isSelf = kind === selfSubjectAccessReviewKind
        const status = statusOf(await decide(isSelf ? user : subjectOf(spec), attributesOf(spec)))
        return { ...object, spec, status }
      },
    }
    return { virtual: handler }
  }
  return {
    [resourceName(subjectAccessReviewKind)]: review((_, spec) => [
      ...whatProblems(spec),
      ...whoProblems(spec),
    ]),
    [resourceName(localSubjectAccessReviewKind)]: review(localProblems),
    [resourceName(selfSubjectAccessReviewKind)]: review((_, spec) => whatProblems(spec)),
    [resourceName(selfSubjectRulesReviewKind)]: { virtual: rulesReview(options) },
  }
}

type Decide = (user: User, attributes: Attributes) => Promise<Decision>

/** A decision that knows the object, if it is named: it may be of a site that is not meant. */
function deciderOf({ access, state, kinds }: AccessReviewOptions): Decide {
  const byResource = derivedFromKinds(
    kinds,
    (all) => new Map(all.map((kind) => [resourceName(kind), kind])),
  )
  return async (user, attributes) => {
    const decision = access.authorize(user, attributes)
    if (!decision.allowed || decision.sites === undefined || attributes.type === 'path')
      return decision
    const { group, resource, namespace, name } = attributes
    const kind = byResource().get(resourceName({ group, plural: resource }))
    if (kind === undefined || name === undefined) return decision
    const object: StoredObject | undefined = await state.get(kind, { namespace, name })
    if (object === undefined || decision.sites.has(kind, object)) return decision
    return {
      allowed: false,
      reason: `${decision.reason ?? ''}; this one is of none of them`,
    }
  }
}

function rulesReview({ access }: AccessReviewOptions): VirtualHandler {
  return {
    create: async ({ kind, object, user }) => {
      const { namespace = '' } = specOf<{ namespace?: string }>(kind, object)
      if (namespace === '') throw badRequest('no namespace on request')
      const { rules, limited, missing } = access.rulesOf(user, namespace)
      const problems = [...missing, ...limited]
      const status = {
        resourceRules: rules.filter(isAboutResources).map(resourceRuleOf),
        nonResourceRules: rules
          .filter(({ nonResourceURLs }) => (nonResourceURLs ?? []).length > 0)
          .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        incomplete: limited.length > 0,
        ...(problems.length === 0 ? {} : { evaluationError: aggregate(problems) }),
      }
      return { ...object, spec: {}, status }
    },
  }
}

const isAboutResources = ({ resources }: PolicyRule): boolean => (resources ?? []).length > 0

function resourceRuleOf({ verbs, apiGroups, resources, resourceNames }: PolicyRule) {
  return { verbs, apiGroups, resources, ...(resourceNames === undefined ? {} : { resourceNames }) }
}

/** The question of a review; throws BadRequest where the body has another shape. */
function specOf<Spec>(kind: AnyKind, object: KubeObject): Spec {
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...body } = object
  const [problem] = validateSchema(kind.schema, body, '')
  if (problem !== undefined)
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${formatProblem(problem)}`,
    )
  return (body['spec'] ?? {}) as Spec
}

function metadataProblems(kind: AnyKind, { metadata }: KubeObject): Problem[] {
  const { managedFields: _, creationTimestamp: __, namespace, ...rest } = metadata
  const isPlaced = kind.scope === 'Cluster' && namespace !== undefined
  const isEmpty = !isPlaced && Object.values(rest).every((value) => value === undefined)
  return isEmpty
    ? []
    : [{ path: 'metadata', type: 'Invalid', value: metadata, message: 'must be empty' }]
}

function whatProblems({ resourceAttributes, nonResourceAttributes }: SubjectAccessSpec): Problem[] {
  const hasResource = isThere(resourceAttributes)
  const hasPath = isThere(nonResourceAttributes)
  if (hasResource && hasPath)
    return [
      {
        path: 'spec.nonResourceAttributes',
        type: 'Invalid',
        value: goPath(nonResourceAttributes),
        message: 'cannot be specified in combination with resourceAttributes',
      },
    ]
  if (hasResource || hasPath) return []
  return [
    {
      path: 'spec.resourceAttributes',
      type: 'Invalid',
      value: null,
      message: 'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    },
  ]
}

function whoProblems({ user, groups }: SubjectAccessSpec): Problem[] {
  if ((user ?? '') !== '' || (groups ?? []).length > 0) return []
  return [
    {
      path: 'spec.user',
      type: 'Invalid',
      value: '',
      message: 'at least one of user or group must be specified',
    },
  ]
}

function localProblems({ metadata }: KubeObject, spec: SubjectAccessSpec): Problem[] {
  const { resourceAttributes, nonResourceAttributes } = spec
  if (isThere(nonResourceAttributes) && !isThere(resourceAttributes))
    return [
      ...whoProblems(spec),
      {
        path: 'spec.nonResourceAttributes',
        type: 'Invalid',
        value: goPath(nonResourceAttributes),
        message: 'disallowed on this kind of request',
      },
    ]
  const namespace = resourceAttributes?.namespace ?? ''
  const isElsewhere = isThere(resourceAttributes) && namespace !== (metadata.namespace ?? '')
  return [
    ...whatProblems(spec),
    ...whoProblems(spec),
    ...(isElsewhere
      ? [
          {
            path: 'spec.resourceAttributes.namespace',
            type: 'Invalid' as const,
            value: namespace,
            message: 'must match metadata.namespace',
          },
        ]
      : []),
  ]
}

const isThere = (value: unknown): boolean => value !== undefined && value !== null

/** As Go writes it, which is what a kube-apiserver shows. */
function goPath(attributes: { path?: string; verb?: string } | undefined) {
  return { Path: attributes?.path ?? '', Verb: attributes?.verb ?? '' }
}

function subjectOf({ user, groups, uid, extra }: SubjectAccessSpec): User {
  return { name: user ?? '', groups: groups ?? [], uid, extra }
}

function attributesOf({
  resourceAttributes,
  nonResourceAttributes,
}: SubjectAccessSpec): Attributes {
  if (!isThere(resourceAttributes))
    return {
      type: 'path',
      verb: nonResourceAttributes?.verb ?? '',
      path: nonResourceAttributes?.path ?? '',
    }
  const given: ResourceAttributes = resourceAttributes ?? {}
  return {
    type: 'resource',
    verb: given.verb ?? '',
    group: given.group ?? '',
    version: given.version ?? '',
    resource: given.resource ?? '',
    subresource: noneIfEmpty(given.subresource),
    namespace: noneIfEmpty(given.namespace),
    name: noneIfEmpty(given.name),
  }
}

const noneIfEmpty = (text: string | undefined | null): string | undefined =>
  text === '' || text === null ? undefined : text

function statusOf(decision: Decision): object {
  const reason = decision.reason ?? ''
  return { allowed: decision.allowed, ...(reason === '' ? {} : { reason }) }
}
