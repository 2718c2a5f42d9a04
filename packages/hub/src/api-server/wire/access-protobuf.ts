import type { Field, Message } from './protobuf-reader.ts'

const text = (name: string): Field => ({ name, type: 'string' })
const texts = (name: string): Field => ({ name, type: 'string', shape: 'list' })
const message = (name: string, type: Message): Field => ({ name, type })
const messages = (name: string, type: Message): Field => ({ name, type, shape: 'list' })

const rules = messages('rules', {
  1: texts('verbs'),
  2: texts('apiGroups'),
  3: texts('resources'),
  4: texts('resourceNames'),
  5: texts('nonResourceURLs'),
})

const labelSelector: Message = {
  1: { name: 'matchLabels', type: 'string', shape: 'map' },
  2: messages('matchExpressions', { 1: text('key'), 2: text('operator'), 3: texts('values') }),
}

const subjects = messages('subjects', {
  1: text('kind'),
  2: text('apiGroup'),
  3: text('name'),
  4: text('namespace'),
})

const roleRef = message('roleRef', { 1: text('apiGroup'), 2: text('kind'), 3: text('name') })

const resourceAttributes = message('resourceAttributes', {
  1: text('namespace'),
  2: text('verb'),
  3: text('group'),
  4: text('version'),
  5: text('resource'),
  6: text('subresource'),
  7: text('name'),
})
const nonResourceAttributes = message('nonResourceAttributes', { 1: text('path'), 2: text('verb') })

const subjectSpec = message('spec', {
  1: resourceAttributes,
  2: nonResourceAttributes,
  3: text('user'),
  4: texts('groups'),
  6: text('uid'),
})

/** Roles, bindings and questions about them, as typed clients send them: `kubectl auth` and `create role` do. */
export function accessMessages(metadata: Field): Readonly<Record<string, Message>> {
  const rbac = 'rbac.authorization.k8s.io/v1'
  const reviews = 'authorization.k8s.io/v1'
  const binding: Message = { 1: metadata, 2: subjects, 3: roleRef }
  const subjectReview: Message = { 1: metadata, 2: subjectSpec }
  return {
    [`${rbac}/Role`]: { 1: metadata, 2: rules },
    [`${rbac}/ClusterRole`]: {
      1: metadata,
      2: rules,
      3: message('aggregationRule', { 1: messages('clusterRoleSelectors', labelSelector) }),
    },
    [`${rbac}/RoleBinding`]: binding,
    [`${rbac}/ClusterRoleBinding`]: binding,
    [`${reviews}/SubjectAccessReview`]: subjectReview,
    [`${reviews}/LocalSubjectAccessReview`]: subjectReview,
    [`${reviews}/SelfSubjectAccessReview`]: {
      1: metadata,
      2: message('spec', { 1: resourceAttributes, 2: nonResourceAttributes }),
    },
    [`${reviews}/SelfSubjectRulesReview`]: {
      1: metadata,
      2: message('spec', { 1: text('namespace') }),
    },
  }
}
