import { parseLabelSelector } from '@skerry/api/label-selector-parser'
import type { Problem } from '@skerry/api/problem'
import { parseFieldSelector } from '@skerry/api/selector'
import type { ListOptions } from '@skerry/api/state'
import { type ApiError, badRequest, invalid } from '@skerry/api/status'
import type { ResourceCall } from '../call.ts'

/** The name of what a request asks beside its body, by which mistakes in it are told. */
export type OptionsKind =
  | 'CreateOptions'
  | 'UpdateOptions'
  | 'PatchOptions'
  | 'DeleteOptions'
  | 'ListOptions'

/** 422 for what is asked beside the body. */
export function invalidOptions(kind: OptionsKind, problems: readonly Problem[]): ApiError {
  return invalid({ group: 'meta.k8s.io', plural: kind, kind }, '', problems)
}

/** `dryRun=All`; throws Invalid for anything else. */
export function isDryRun(values: readonly unknown[], kind: OptionsKind = 'UpdateOptions'): boolean {
  if (values.some((value) => value !== 'All'))
    throw invalidOptions(kind, [
      { path: 'dryRun', type: 'NotSupported', value: values, message: 'supported values: "All"' },
    ])
  return values.length > 0
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export function fieldValidationOf(
  query: URLSearchParams,
  kind: OptionsKind = 'CreateOptions',
): FieldValidation {
  const value = query.get('fieldValidation') ?? ''
  switch (value) {
    case '':
    case 'Warn':
      return 'Warn'
    case 'Ignore':
    case 'Strict':
      return value
    default:
      throw invalidOptions(kind, [
        {
          path: 'fieldValidation',
          type: 'NotSupported',
          value,
          message: 'supported values: "", "Ignore", "Strict", "Warn"',
        },
      ])
  }
}

/** What is to be listed or watched. */
export function listOptionsOf({ target, query }: ResourceCall): ListOptions {
  const names = target.kind.keptAs?.fields ?? target.kind.selectedAs ?? {}
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', target.kind).map((field) => ({
    ...field,
    path: names[field.path] ?? field.path,
  }))
  const byName: typeof fields =
    target.name === undefined ? [] : [{ path: 'metadata.name', operator: '=', value: target.name }]
  return {
    namespace: target.namespace,
    labelSelector: parseLabelSelector(query.get('labelSelector') ?? ''),
    fieldSelector: [...fields, ...byName],
  }
}

/** A query parameter that says yes or no, as Kubernetes reads it: what does not say no says yes. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value !== null && !['0', 'false'].includes(value.toLowerCase())
}

/** A query parameter that is a whole number; undefined if it is not there. */
export function countOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  const syntax = `strconv.ParseInt: parsing ${JSON.stringify(value.slice(0, 100))}`
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(`${syntax}: invalid syntax`)
  const number = BigInt(value)
  if (BigInt.asIntN(64, number) !== number) throw badRequest(`${syntax}: value out of range`)
  return Number(number)
}
