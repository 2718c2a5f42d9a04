import { type FieldSet, differenceOf, intersectionOf, unionOf } from './field-set.ts'
import type { FieldType } from './field-type.ts'
import { fieldsOfObject } from './fields-of-object.ts'
import type { Managed } from './managed.ts'
import { withNamedFields } from './named-fields.ts'
import { removeFields } from './remove-fields.ts'

export type Pruning = {
  /** What the applier named the last time, and what they name now. */
  readonly last: FieldSet | undefined
  readonly now: FieldSet
  readonly managed: Managed
}

/**
 * A merged object without what its applier no longer names: what they owned goes, what others own stays,
 * and so does what nobody owns, unless it lies in something that goes.
 */
export function pruneFields(
  type: FieldType,
  merged: unknown,
  { last, now, managed }: Pruning,
): unknown {
  // Who still names all that they named before takes nothing away.
  if (last === undefined || differenceOf(last, now).size === 0) return merged
  const named = (fields: FieldSet): FieldSet => withNamedFields(type, fields)
  const fieldsOf = (value: unknown): FieldSet => named(fieldsOfObject(type, value))
  const mergedFields = fieldsOf(merged)
  const bare = removeFields(type, merged, named(last))
  const owned = [...managed.values()].reduce<FieldSet>(
    (all, manager) => unionOf(all, manager.fields),
    new Map(),
  )
  const kept = unionOf(fieldsOf(bare), named(owned))
  const pruned = removeFields(type, merged, differenceOf(mergedFields, kept))
  const gone = differenceOf(mergedFields, fieldsOf(pruned))
  return removeFields(type, merged, intersectionOf(gone, named(last)))
}
