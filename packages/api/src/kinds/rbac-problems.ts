import { equalJson } from '@skerry/base/json'
import { parseLabelSelector } from '../label-selector-parser.ts'
import { nameProblems, pathNameProblems } from '../name.ts'
import type { Problem } from '../problem.ts'
import type { LabelSelector } from '../selector.ts'
import type { PolicyRule, RoleRef, Subject } from './rbac.ts'

/** Limits a binding to the sites that this label selector chooses. */
export const siteSelectorAnnotation = 'rbac.skerry.dev/site-selector'

/** The longest selector that a binding may carry, in characters. */
const siteSelectorCharactersMax = 1024

/** The group of roles and bindings. */
export const rbacGroup = 'rbac.authorization.k8s.io'

type Nullable<T> = T | null | undefined

/** What is wrong with rules, in the words of a kube-apiserver. */
export function rulesProblems(
  rules: Nullable<readonly PolicyRule[]>,
  isNamespaced: boolean,
): Problem[] {
  return (rules ?? []).flatMap((rule, index) => ruleProblems(rule, `rules[${index}]`, isNamespaced))
}

function ruleProblems(rule: PolicyRule, path: string, isNamespaced: boolean): Problem[] {
  const problems: Problem[] = []
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule
  if (isEmpty(verbs))
    problems.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
  if (!isEmpty(nonResourceURLs)) {
    const urls = {
      path: `${path}.nonResourceURLs`,
      type: 'Invalid',
      value: nonResourceURLs,
    } as const
    if (isNamespaced)
      problems.push({ ...urls, message: 'namespaced rules cannot apply to non-resource URLs' })
    if (!isEmpty(apiGroups) || !isEmpty(resources) || !isEmpty(resourceNames))
      problems.push({
        ...urls,
        message: 'rules cannot apply to both regular resources and non-resource URLs',
      })
    return problems
  }
  if (isEmpty(apiGroups))
    problems.push(
      required(`${path}.apiGroups`, 'resource rules must supply at least one api group'),
    )
  if (isEmpty(resources))
    problems.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  return problems
}

type Selector = {
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[] | undefined
  }[]
}

export function selectorsProblems(selectors: Nullable<readonly Selector[]>): Problem[] {
  const path = 'aggregationRule.clusterRoleSelectors'
  if (isEmpty(selectors))
    return [
      required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'),
    ]
  return selectors!.flatMap((selector, index) => {
    const problems = (selector.matchExpressions ?? []).flatMap((expression, place) =>
      expressionProblems(expression, `${path}[${index}].matchExpressions[${place}]`),
    )
    return problems.length === 0
      ? []
      : [
          ...problems,
          {
            path: `${path}[${index}]`,
            type: 'Invalid' as const,
            value: null,
            message: 'invalid label selector.',
          },
        ]
  })
}

function expressionProblems(
  {
    operator,
    values,
  }: { readonly operator: string; readonly values?: readonly string[] | undefined },
  path: string,
): Problem[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return isEmpty(values)
        ? [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
        : []
    case 'Exists':
    case 'DoesNotExist':
      return isEmpty(values)
        ? []
        : [
            {
              path: `${path}.values`,
              type: 'Forbidden',
              message: "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            },
          ]
    default:
      return [
        {
          path: `${path}.operator`,
          type: 'Invalid',
          value: operator,
          message: 'not a valid selector operator',
        },
      ]
  }
}

type Binding = {
  readonly metadata: {
    readonly namespace?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly roleRef: RoleRef
  readonly subjects?: readonly Subject[] | null
}

export function bindingProblems(binding: Binding, roleKinds: readonly string[]): Problem[] {
  const { roleRef, subjects, metadata } = binding
  return [
    ...(roleRef.apiGroup === rbacGroup
      ? []
      : [unsupported('roleRef.apiGroup', roleRef.apiGroup, [rbacGroup])]),
    ...(roleKinds.includes(roleRef.kind)
      ? []
      : [unsupported('roleRef.kind', roleRef.kind, roleKinds)]),
    ...(roleRef.name === ''
      ? [required('roleRef.name', '')]
      : pathNameProblems(roleRef.name, 'roleRef.name')),
    ...(subjects ?? []).flatMap((subject, index) =>
      subjectProblems(subject, `subjects[${index}]`, metadata.namespace !== undefined),
    ),
    ...siteSelectorProblems(metadata.annotations),
  ]
}

export function roleRefChangeProblems(after: RoleRef, before: RoleRef | undefined): Problem[] {
  if (before === undefined || equalJson(before, after)) return []
  const value = { APIGroup: after.apiGroup, Kind: after.kind, Name: after.name }
  return [{ path: 'roleRef', type: 'Invalid', value, message: 'cannot change roleRef' }]
}

function subjectProblems(subject: Subject, path: string, isNamespaced: boolean): Problem[] {
  const { kind, apiGroup = '', name, namespace = '' } = subject
  const problems: Problem[] = name === '' ? [required(`${path}.name`, '')] : []
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') problems.push(...nameProblems(name, `${path}.name`))
      if (apiGroup !== '') problems.push(unsupported(`${path}.apiGroup`, apiGroup, ['']))
      if (!isNamespaced && namespace === '') problems.push(required(`${path}.namespace`, ''))
      return problems
    case 'User':
    case 'Group':
      if (apiGroup !== rbacGroup)
        problems.push(unsupported(`${path}.apiGroup`, apiGroup, [rbacGroup]))
      return problems
    default:
      return [...problems, unsupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group'])]
  }
}

function siteSelectorProblems(
  annotations: Readonly<Record<string, string>> | undefined,
): Problem[] {
  const text = annotations?.[siteSelectorAnnotation]
  if (text === undefined) return []
  const parsed = parseSiteSelector(text)
  if (parsed.ok) return []
  const path = `metadata.annotations[${siteSelectorAnnotation}]`
  return [{ path, type: 'Invalid', value: text, message: parsed.message }]
}

/** The sites that a binding is limited to. A selector that chooses everything says nothing: it is refused. */
export function parseSiteSelector(
  text: string,
):
  | { readonly ok: true; readonly selector: LabelSelector }
  | { readonly ok: false; readonly message: string } {
  if (text.length > siteSelectorCharactersMax)
    return { ok: false, message: `must have at most ${siteSelectorCharactersMax} characters` }
  if (text.trim() === '')
    return {
      ok: false,
      message:
        'must select some sites by their labels, such as region=north; without it, all are meant',
    }
  try {
    return { ok: true, selector: parseLabelSelector(text) }
  } catch (thrown) {
    return { ok: false, message: (thrown as Error).message }
  }
}

const isEmpty = (values: Nullable<readonly unknown[]>): boolean => (values ?? []).length === 0

const required = (path: string, message: string): Problem => ({ path, type: 'Required', message })

const unsupported = (path: string, value: string, supported: readonly string[]): Problem => ({
  path,
  type: 'NotSupported',
  value,
  message: `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
})
