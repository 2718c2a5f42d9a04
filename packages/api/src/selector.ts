import { badRequest } from './status.ts'
import { valueAt } from './kind.ts'
import type { KubeObject } from './object.ts'

export type LabelRequirement =
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
export type LabelSelector = readonly LabelRequirement[]

export type FieldRequirement = {
  readonly path: string
  readonly operator: '=' | '!='
  readonly value: string
}
export type FieldSelector = readonly FieldRequirement[]

/** `spec.selector` of a Fleet and friends: Kubernetes' `meta/v1.LabelSelector`. */
export type LabelSelectorSpec = {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
    readonly values?: readonly string[]
  }[]
}

export function labelSelectorOf(spec: LabelSelectorSpec): LabelSelector {
  const equal = Object.entries(spec.matchLabels ?? {}).map(([key, value]): LabelRequirement => ({
    key,
    operator: 'In',
    values: [value],
  }))
  const expressions = (spec.matchExpressions ?? []).map(
    ({ key, operator, values }): LabelRequirement =>
      operator === 'In' || operator === 'NotIn'
        ? { key, operator, values: values ?? [] }
        : { key, operator },
  )
  return [...equal, ...expressions]
}

export function matchesLabels(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return selector.every((requirement) => {
    const value =
      labels !== undefined && Object.hasOwn(labels, requirement.key)
        ? labels[requirement.key]
        : undefined
    switch (requirement.operator) {
      case 'In':
        return value !== undefined && requirement.values.includes(value)
      case 'NotIn':
        return value === undefined || !requirement.values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
    }
  })
}

export function matchesFields(selector: FieldSelector, object: KubeObject): boolean {
  return selector.every(({ path, operator, value }) => {
    const found = valueAt(object, path)
    const actual =
      typeof found === 'string' ? found : found === undefined ? '' : JSON.stringify(found)
    return operator === '=' ? actual === value : actual !== value
  })
}

const labelTerm =
  /^\s*(?:(?<key>[^\s!=,()]+)\s*(?:(?<equal>==?|!=)\s*(?<value>[^\s,()]*)|(?<set>\s(?:in|notin))\s*\((?<values>[^()]*)\))?|!\s*(?<absent>[^\s!=,()]+))\s*$/

/** Parses `app=till,tier in (a, b),!canary`. Throws BadRequest that names the term. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return []
  return splitTerms(text).map((term): LabelRequirement => {
    const parts = labelTerm.exec(term)?.groups
    if (parts === undefined)
      throw badRequest(`unable to parse requirement in label selector: ${JSON.stringify(term)}`)
    if (parts['absent'] !== undefined) return { key: parts['absent'], operator: 'DoesNotExist' }
    const key = parts['key']!
    if (parts['set'] !== undefined)
      return {
        key,
        operator: parts['set'].trim() === 'in' ? 'In' : 'NotIn',
        values: parts['values']!.split(',').map((value) => value.trim()),
      }
    if (parts['equal'] === undefined) return { key, operator: 'Exists' }
    return { key, operator: parts['equal'] === '!=' ? 'NotIn' : 'In', values: [parts['value']!] }
  })
}

function splitTerms(text: string): string[] {
  return text.split(/,(?![^(]*\))/)
}

/** Parses `metadata.name=a,status.phase!=Failed` over the fields that a kind declares. */
export function parseFieldSelector(text: string, selectable: readonly string[]): FieldSelector {
  if (text.trim() === '') return []
  return text.split(',').map((term): FieldRequirement => {
    const parts = /^\s*(?<path>[^=!\s]+)\s*(?<operator>==?|!=)\s*(?<value>.*?)\s*$/.exec(
      term,
    )?.groups
    if (parts === undefined)
      throw badRequest(`invalid field selector ${JSON.stringify(term)}: write FIELD=VALUE`)
    const path = parts['path']!
    if (path !== 'metadata.name' && path !== 'metadata.namespace' && !selectable.includes(path))
      throw badRequest(
        `field label not supported: ${path}: use ${['metadata.name', 'metadata.namespace', ...selectable].join(', ')}`,
      )
    return { path, operator: parts['operator'] === '!=' ? '!=' : '=', value: parts['value']! }
  })
}

/** The text of a label selector, as it goes into a URL. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector
    .map((requirement) => {
      switch (requirement.operator) {
        case 'In':
          return `${requirement.key} in (${requirement.values.join(',')})`
        case 'NotIn':
          return `${requirement.key} notin (${requirement.values.join(',')})`
        case 'Exists':
          return requirement.key
        case 'DoesNotExist':
          return `!${requirement.key}`
      }
    })
    .join(',')
}

export function formatFieldSelector(selector: FieldSelector): string {
  return selector.map(({ path, operator, value }) => `${path}${operator}${value}`).join(',')
}
