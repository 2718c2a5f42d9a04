import type { StoredObject } from '@skerry/api/object'
import { type FieldSelector, matchesFields, matchesLabels } from '@skerry/api/selector'
import type { ListOptions } from '@skerry/api/state'
import type { Place } from './ledger.ts'

type Seen = { readonly object: StoredObject }

/** Whether a list with these options has the object. Looks into it only if it must. */
export function matches(seen: Seen, place: Place, options: ListOptions): boolean {
  const { namespace, labelSelector, fieldSelector, where } = options
  return (
    (namespace === undefined || place.namespace === namespace) &&
    (fieldSelector === undefined || fieldsMatch(seen, place, fieldSelector)) &&
    (labelSelector === undefined ||
      labelSelector.length === 0 ||
      matchesLabels(labelSelector, seen.object.metadata.labels)) &&
    (where === undefined || where(seen.object))
  )
}

function fieldsMatch(seen: Seen, place: Place, selector: FieldSelector): boolean {
  return selector.every((term) => {
    const isEqual = term.operator === '='
    if (term.path === 'metadata.name') return (place.name === term.value) === isEqual
    if (term.path === 'metadata.namespace') return (place.namespace === term.value) === isEqual
    return matchesFields([term], seen.object)
  })
}

/** Whether the options leave out something within their namespace. */
export function isNarrowed({ labelSelector, fieldSelector, where }: ListOptions): boolean {
  return (labelSelector?.length ?? 0) > 0 || (fieldSelector?.length ?? 0) > 0 || where !== undefined
}
