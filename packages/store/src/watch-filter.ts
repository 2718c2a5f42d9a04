import type { StoredObject } from '@skerry/api/object'
import { matchesFields, matchesLabels } from '@skerry/api/selector'
import type { ListOptions, WatchEvent } from '@skerry/api/state'
import type { Change } from './ledger.ts'

/** Whether a list with these options has the object. */
export function matches(object: StoredObject, options: ListOptions): boolean {
  const { namespace, labelSelector, fieldSelector, where } = options
  return (
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (labelSelector === undefined || matchesLabels(labelSelector, object.metadata.labels)) &&
    (fieldSelector === undefined || matchesFields(fieldSelector, object)) &&
    (where === undefined || where(object))
  )
}

/**
 * What a watcher with these options is told of a change. An object that comes to match is ADDED, one
 * that no longer does is DELETED, as it last matched, with the version of the change.
 */
export function eventOf(
  change: Change,
  options: ListOptions,
): Exclude<WatchEvent, { type: 'BOOKMARK' }> | undefined {
  const { before, after } = change
  const was = before !== undefined && matches(before, options)
  const is = after !== undefined && matches(after, options)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: after }
  if (!was) return undefined
  const metadata = { ...before.metadata, resourceVersion: String(change.version) }
  return { type: 'DELETED', object: { ...before, metadata } }
}
