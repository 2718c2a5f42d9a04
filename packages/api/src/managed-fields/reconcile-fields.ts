import {
  type FieldPath,
  type FieldSet,
  fieldSetOfPaths,
  recursiveDifferenceOf,
  unionOf,
} from './field-set.ts'
import { type FieldType, deducedType, firstShape } from './field-type.ts'
import type { PathElement } from './path-element.ts'

/**
 * A set as today's schema understands it: who owned parts of what has become one whole owns the whole.
 * The very same set when nothing of the sort happened.
 */
export function reconcileFields(type: FieldType, fields: FieldSet): FieldSet {
  const wholes: FieldPath[] = []
  visit(type, fields, [], wholes)
  if (wholes.length === 0) return fields
  const whole = fieldSetOfPaths(wholes)
  return unionOf(recursiveDifferenceOf(fields, whole), whole)
}

/** Looks at a value of which parts are owned. */
function visit(type: FieldType, fields: FieldSet, path: FieldPath, wholes: FieldPath[]): void {
  const shape = firstShape(type)
  if (shape === 'scalar') return
  const isUnknown = shape === 'map' && type.map!.rest === deducedType && type.map!.fields.size === 0
  if (isUnknown) return
  const isWhole = shape === 'map' ? type.map!.isAtomic : type.list!.relation === 'atomic'
  if (isWhole) {
    wholes.push(path)
    return
  }
  for (const [element, node] of fields) {
    const below = shape === 'map' ? memberOf(type, element) : type.list!.items
    if (below !== undefined && node.below.size > 0)
      visit(below, node.below, [...path, element], wholes)
  }
}

function memberOf({ map }: FieldType, element: PathElement): FieldType | undefined {
  return map!.fields.get(element.slice(2)) ?? map!.rest
}
