import { parseLabelSelector } from '@skerry/api/label-selector-parser'
import { parseFieldSelector } from '@skerry/api/selector'
import type { ListOptions } from '@skerry/api/state'
import { badRequest } from '@skerry/api/status'
import type { ResourceCall } from './call.ts'

/** `dryRun=All`; throws BadRequest for anything else. */
export function isDryRun(values: readonly unknown[]): boolean {
  for (const value of values)
    if (value !== 'All')
      throw badRequest(
        `dryRun: Unsupported value: ${JSON.stringify(value)}: supported values: "All"`,
      )
  return values.length > 0
}

/** What is to be listed or watched. */
export function listOptionsOf({ target, query }: ResourceCall): ListOptions {
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', target.kind)
  const byName: typeof fields =
    target.name === undefined ? [] : [{ path: 'metadata.name', operator: '=', value: target.name }]
  return {
    namespace: target.namespace,
    labelSelector: parseLabelSelector(query.get('labelSelector') ?? ''),
    fieldSelector: [...fields, ...byName],
  }
}

/** A query parameter that says yes or no, as Go reads it. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value !== null && ['1', 't', 'true', ''].includes(value.toLowerCase())
}

/** A query parameter that is a whole number from 0; undefined if it is not there. */
export function countOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  if (!/^\d{1,9}$/.test(value)) throw badRequest(`${name} must be a whole number`)
  return Number(value)
}
