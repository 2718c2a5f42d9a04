import type { Problem } from '../problem.ts'
import type { Definition } from './definition.ts'

export const dns1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

const label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const approval = 'api-approved.kubernetes.io'

/** What a definition is called, and what it calls its kind. */
export function nameRuleProblems(definition: Definition): Problem[] {
  const { metadata, spec } = definition
  const { group, names, scope } = spec
  const problems: Problem[] = []
  if (metadata.name !== `${names.plural}.${group}` || !label.test(names.plural))
    problems.push({
      path: 'metadata.name',
      type: 'Invalid',
      value: metadata.name,
      message: 'must be spec.names.plural+"."+spec.group',
    })
  if (group === '') problems.push({ path: 'spec.group', type: 'Required', message: '' })
  else if (!subdomain.test(group) || group.length > 253)
    problems.push({ path: 'spec.group', type: 'Invalid', value: group, message: subdomainMessage })
  else if (!group.includes('.'))
    problems.push({
      path: 'spec.group',
      type: 'Invalid',
      value: group,
      message: 'should be a domain with at least one dot',
    })
  if (scope === '') problems.push({ path: 'spec.scope', type: 'Required', message: '' })
  else if (scope !== 'Namespaced' && scope !== 'Cluster')
    problems.push({
      path: 'spec.scope',
      type: 'NotSupported',
      value: scope,
      message: 'supported values: "Cluster", "Namespaced"',
    })
  return [...problems, ...approvalProblems(definition), ...namesProblems(definition)]
}

/** Groups of Kubernetes itself want somebody's word that they are what they say. */
function approvalProblems({ metadata, spec }: Definition): Problem[] {
  const isProtected = /(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)
  if (!isProtected || (metadata.annotations?.[approval] ?? '') !== '') return []
  return [
    {
      path: `metadata.annotations[${approval}]`,
      type: 'Required',
      message: `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`,
    },
  ]
}

function namesProblems({ spec }: Definition): Problem[] {
  const {
    plural,
    singular = '',
    kind,
    listKind = '',
    shortNames = [],
    categories = [],
  } = spec.names
  const plain = (path: string, value: string): Problem[] =>
    label.test(value) && value.length <= 63
      ? []
      : [{ path, type: 'Invalid', value, message: dns1035Message }]
  const mixed = (path: string, value: string): Problem[] =>
    label.test(value.toLowerCase()) && value.length <= 63
      ? []
      : [
          {
            path,
            type: 'Invalid',
            value,
            message: `may have mixed case, but should otherwise match: ${dns1035Message}`,
          },
        ]
  const required = (
    path: string,
    value: string,
    rule: (path: string, value: string) => Problem[],
  ): Problem[] => (value === '' ? [{ path, type: 'Required', message: '' }] : rule(path, value))
  const at = 'spec.names'
  return [
    ...required(`${at}.plural`, plural, plain),
    ...required(`${at}.singular`, singular, plain),
    ...required(`${at}.kind`, kind, mixed),
    ...required(`${at}.listKind`, listKind, mixed),
    ...shortNames.flatMap((name, index) => plain(`${at}.shortNames[${index}]`, name)),
    ...categories.flatMap((name, index) => plain(`${at}.categories[${index}]`, name)),
    ...(kind !== '' && kind === listKind
      ? [
          {
            path: `${at}.listKind`,
            type: 'Invalid' as const,
            value: listKind,
            message: 'kind and listKind may not be the same',
          },
        ]
      : []),
  ]
}
