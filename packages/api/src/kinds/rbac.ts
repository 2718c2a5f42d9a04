import { isPlainObject } from '@skerry/base/json'
import { type Column, type ObjectOf, defineKind } from '../kind.ts'
import type { KubeObject } from '../object.ts'
import { type Infer, list, object, optional, string, withDefault } from '../schema.ts'
import {
  bindingProblems,
  rbacGroup,
  roleRefChangeProblems,
  rulesProblems,
  selectorsProblems,
} from './rbac-problems.ts'

const strings = (description: string) => list(string('One of them.'), description)

const policyRule = object(
  {
    verbs: withDefault(strings('What may be done; * is everything.'), []),
    apiGroups: optional(strings('Groups of the resources; "" is the core group, * is all.')),
    resources: optional(
      strings('Resources: pods, pods/log, */scale; * is all, with what is below them.'),
    ),
    resourceNames: optional(strings('Names of objects. Empty: all of them.')),
    nonResourceURLs: optional(strings('Paths that are no resources; * stands at the end alone.')),
  },
  'Something that may be done.',
)
export type PolicyRule = Infer<typeof policyRule>

const rules = optional(list(policyRule, 'What may be done.', { nullable: true }))

const labelSelector = object(
  {
    matchLabels: optional({
      type: 'object',
      description: 'Labels that must be there with these values.',
      additionalProperties: string('Value.'),
    }),
    matchExpressions: optional(
      list(
        object(
          {
            key: string('Label.'),
            operator: string('In, NotIn, Exists or DoesNotExist.'),
            values: optional(strings('Values for In and NotIn.')),
          },
          'A condition on one label.',
        ),
        'Conditions that must all hold.',
      ),
    ),
  },
  'A selector over labels.',
)

const roleRef = object(
  {
    apiGroup: withDefault(string('The group of the role.'), rbacGroup),
    kind: withDefault(string('Role or ClusterRole.'), ''),
    name: withDefault(string('Its name.'), ''),
  },
  'The role that is given. It cannot be changed.',
)
export type RoleRef = Infer<typeof roleRef>

/** Written as a whole by whoever writes it. */
const wholeRoleRef: typeof roleRef = { ...roleRef, 'x-kubernetes-map-type': 'atomic' }

const subject = object(
  {
    kind: withDefault(string('User, Group or ServiceAccount.'), ''),
    apiGroup: optional(string('The group of the kind; empty for a ServiceAccount.')),
    name: withDefault(string('Its name.'), ''),
    namespace: optional(string('The namespace of a ServiceAccount.')),
  },
  'Somebody to whom the role is given.',
)
export type Subject = Infer<typeof subject>

/** Roles and bindings, in Kubernetes' own shapes. */
const rbac = {
  group: rbacGroup,
  version: 'v1',
  categories: [],
  hasStatus: false,
  isBuiltIn: true,
  names: 'path-segment',
} as const

const createdAt: Column = {
  name: 'Created At',
  type: 'date',
  path: '.metadata.creationTimestamp',
  description: 'When it was made.',
  cell: ({ metadata }) => metadata.creationTimestamp ?? '',
}

export const roleKind = defineKind({
  ...rbac,
  kind: 'Role',
  plural: 'roles',
  description: 'What may be done in a namespace, for bindings to give to somebody.',
  schema: object({ rules }, 'A role.'),
  columns: [createdAt],
  normalize: (body) => ({ rules: null, ...body }),
  validate: (role) => rulesProblems(role.rules, true),
})
export type Role = ObjectOf<typeof roleKind>

export const clusterRoleKind = defineKind({
  ...rbac,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  scope: 'Cluster',
  description: 'What may be done anywhere, for bindings to give to somebody.',
  schema: object(
    {
      rules,
      aggregationRule: optional(
        object(
          {
            clusterRoleSelectors: optional(
              list(labelSelector, 'Cluster roles whose rules this one has.'),
            ),
          },
          'Where its rules come from; a controller fills them in.',
        ),
      ),
    },
    'A cluster role.',
  ),
  columns: [createdAt],
  normalize: (body) => ({ rules: null, ...body }),
  validate: (role) => [
    ...rulesProblems(role.rules, false),
    ...(isPlainObject(role.aggregationRule)
      ? selectorsProblems(role.aggregationRule.clusterRoleSelectors)
      : []),
  ],
})
export type ClusterRole = ObjectOf<typeof clusterRoleKind>

const bindingSchema = object(
  {
    subjects: optional(list(subject, 'To whom the role is given.')),
    roleRef: withDefault(wholeRoleRef, { apiGroup: rbacGroup, kind: '', name: '' }),
  },
  'A binding.',
)

const namesOf = (kind: string) => (binding: KubeObject) =>
  subjectsOf(binding)
    .filter((one) => one.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ')

const bindingColumns: readonly Column[] = [
  {
    name: 'Role',
    type: 'string',
    path: '.roleRef.name',
    description: 'The role that is given.',
    cell: ({ roleRef: ref }) => `${(ref as RoleRef).kind}/${(ref as RoleRef).name}`,
  },
  {
    name: 'Age',
    type: 'date',
    path: '.metadata.creationTimestamp',
    description: 'When it was made.',
  },
  ...(['User', 'Group', 'ServiceAccount'] as const).map((kind): Column => ({
    name: `${kind}s`,
    type: 'string',
    path: '.subjects',
    description: `Each ${kind} that has the role.`,
    priority: 1,
    cell: namesOf(kind),
  })),
]

export const roleBindingKind = defineKind({
  ...rbac,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  description: 'Gives a role to somebody in a namespace.',
  schema: bindingSchema,
  columns: bindingColumns,
  normalize: withSubjectGroups,
  validate: (binding, before) => [
    ...roleRefChangeProblems(binding.roleRef, before?.roleRef),
    ...bindingProblems(binding, ['Role', 'ClusterRole']),
  ],
})
export type RoleBinding = ObjectOf<typeof roleBindingKind>

export const clusterRoleBindingKind = defineKind({
  ...rbac,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  scope: 'Cluster',
  description: 'Gives a role to somebody everywhere.',
  schema: bindingSchema,
  columns: bindingColumns,
  normalize: withSubjectGroups,
  validate: (binding, before) => [
    ...roleRefChangeProblems(binding.roleRef, before?.roleRef),
    ...bindingProblems(binding, ['ClusterRole']),
  ],
})
export type ClusterRoleBinding = ObjectOf<typeof clusterRoleBindingKind>

export type AnyRole = Role | ClusterRole
/** Both have the same shape; one has no namespace. */
export type AnyBinding = RoleBinding

export function subjectsOf(binding: { readonly [field: string]: unknown }): readonly Subject[] {
  return (binding['subjects'] as readonly Subject[] | undefined | null) ?? []
}

/** Users and groups are of the group of RBAC unless they say otherwise, service accounts of the core group. */
function withSubjectGroups(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { subjects } = body
  if (!Array.isArray(subjects)) return { ...body }
  return {
    ...body,
    subjects: (subjects as unknown[]).map((one) => (isPlainObject(one) ? subjectOf(one) : one)),
  }
}

/** Without what is empty: typed clients send all of a subject's fields. */
function subjectOf(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { apiGroup = '', namespace = '', ...rest } = given
  const isOfRbac = rest['kind'] === 'User' || rest['kind'] === 'Group'
  const group = apiGroup === '' && isOfRbac ? rbacGroup : apiGroup
  return {
    ...rest,
    ...(group === '' ? {} : { apiGroup: group }),
    ...(namespace === '' ? {} : { namespace }),
  }
}
