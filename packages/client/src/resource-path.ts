import type { AnyKind } from '@skerry/api/kind'
import { groupVersionPath } from '@skerry/api/openapi-operation'
import { formatFieldSelector, formatLabelSelector } from '@skerry/api/selector'
import type { ListOptions } from '@skerry/api/state'

export type Place = {
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  readonly subresource?: string | undefined
}

/** The path of a kind's objects, or of one of them. */
export function resourcePath(kind: AnyKind, { namespace, name, subresource }: Place): string {
  const isNamespaced = kind.scope === 'Namespaced' && (namespace ?? '') !== ''
  const parts = [
    ...(isNamespaced ? ['namespaces', namespace!] : []),
    kind.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ]
  return [groupVersionPath(kind), ...parts.map(encodeURIComponent)].join('/')
}

/** The query of a list. */
export function selectorQuery(options: ListOptions): Record<string, string> {
  const { labelSelector = [], fieldSelector = [] } = options
  return {
    ...(labelSelector.length === 0 ? {} : { labelSelector: formatLabelSelector(labelSelector) }),
    ...(fieldSelector.length === 0 ? {} : { fieldSelector: formatFieldSelector(fieldSelector) }),
  }
}

export function withQuery(path: string, query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? path : `${path}?${text}`
}
