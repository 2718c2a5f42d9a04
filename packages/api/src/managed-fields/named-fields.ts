import type { FieldNode, FieldSet } from './field-set.ts'
import type { FieldType } from './field-type.ts'
import type { PathElement } from './path-element.ts'

/** A set in which every field that the schema names and that leads to a member is a member itself. */
export function withNamedFields(type: FieldType | undefined, fields: FieldSet): FieldSet {
  if (fields.size === 0) return fields
  const result = new Map<PathElement, FieldNode>()
  for (const [element, node] of fields) {
    const named = type?.map?.fields.get(element.slice(2))
    const isNamed = node.below.size > 0 && element.startsWith('f:') && named !== undefined
    const below = element.startsWith('f:') ? (named ?? type?.map?.rest) : type?.list?.items
    result.set(element, {
      isMember: node.isMember || isNamed,
      below: withNamedFields(below, node.below),
    })
  }
  return result
}
