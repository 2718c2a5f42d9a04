import { badRequest } from './status.ts'
import { type AnyKind, valueAt } from './kind.ts'
import type { KubeObject } from './object.ts'

export type LabelRequirement =
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  /** One value, a whole number. */
  | { readonly key: string; readonly operator: 'Gt' | 'Lt'; readonly values: readonly string[] }
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
      case 'Gt':
        return isPast(value, requirement.values[0], 1n)
      case 'Lt':
        return isPast(value, requirement.values[0], -1n)
    }
  })
}

const integer = /^[+-]?\d{1,18}$/

/** Whether a label is a number on the far side of a bound. */
function isPast(value: string | undefined, bound: string | undefined, direction: bigint): boolean {
  if (value === undefined || bound === undefined) return false
  if (!integer.test(value) || !integer.test(bound)) return false
  return (BigInt(value) - BigInt(bound)) * direction > 0n
}

export function matchesFields(selector: FieldSelector, object: KubeObject): boolean {
  return selector.every(({ path, operator, value }) => {
    const found = valueAt(object, path)
    const actual =
      typeof found === 'string' ? found : found === undefined ? '' : JSON.stringify(found)
    return operator === '=' ? actual === value : actual !== value
  })
}

/** What a kind lets field selectors ask for. */
export type Selectable = Pick<AnyKind, 'selectableFields' | 'isBuiltIn'>

/** Parses `metadata.name=a,status.phase!=Failed`. Throws BadRequest in Kubernetes' words. */
export function parseFieldSelector(text: string, kind: Selectable): FieldSelector {
  return fieldTerms(text).map((term): FieldRequirement => {
    const parts = /^(?<path>.*?)(?<operator>!=|==|=)(?<value>.*)$/s.exec(term)?.groups
    if (parts === undefined)
      throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    const value = unescaped(parts['value']!)
    const path = parts['path']!
    checkSelectable(path, kind)
    return { path, operator: parts['operator'] === '!=' ? '!=' : '=', value }
  })
}

const metadataFields = ['metadata.name', 'metadata.namespace']

function checkSelectable(path: string, { selectableFields, isBuiltIn }: Selectable): void {
  if (metadataFields.includes(path) || selectableFields.includes(path)) return
  throw badRequest(
    isBuiltIn && selectableFields.length === 0
      ? `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${path}`,
  )
}

/** Commas part terms unless a backslash stands before them; empty terms are nothing. */
function fieldTerms(text: string): string[] {
  return (text.match(/(?:[^,\\]|\\.?)+/gs) ?? []).filter((term) => term !== '')
}

/** A value without its backslashes, of which there is one before each backslash, comma and equals sign. */
function unescaped(value: string): string {
  return value.replaceAll(/\\(.?)|([,=])/gs, (sequence: string, char: string, bare?: string) => {
    if (bare !== undefined)
      throw badRequest(
        `invalid field selector: unescaped character in value: ${bare.charCodeAt(0)}`,
      )
    if (!['\\', ',', '='].includes(char))
      throw badRequest(`invalid field selector: invalid escape sequence: ${sequence}`)
    return char
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
        case 'Gt':
          return `${requirement.key}>${requirement.values[0]}`
        case 'Lt':
          return `${requirement.key}<${requirement.values[0]}`
      }
    })
    .join(',')
}

export function formatFieldSelector(selector: FieldSelector): string {
  return selector
    .map(({ path, operator, value }) => `${path}${operator}${value.replaceAll(/[\\,=]/g, '\\$&')}`)
    .join(',')
}
