import { isPlainObject, setKey } from '@skerry/base/json'
import { type FieldSet, fieldsBelow } from './field-set.ts'
import {
  type FieldType,
  type ListType,
  type MapType,
  firstShape,
  memberType,
  shapeOf,
} from './field-type.ts'
import { listItem } from './list-item.ts'
import { fieldElement } from './path-element.ts'

/** The value without the members of a set. What is left empty is null, as Kubernetes leaves it. */
export function removeFields(type: FieldType, value: unknown, fields: FieldSet): unknown {
  if (fields.size === 0) return value
  const shape = shapeOf(type, value) ?? firstShape(type)
  if (shape === 'scalar') return value
  return shape === 'map'
    ? removeFromMap(type.map!, value, fields)
    : removeFromList(type.list!, value, fields)
}

function removeFromMap(map: MapType, value: unknown, fields: FieldSet): unknown {
  if (!isPlainObject(value) || map.isAtomic) return null
  const result: Record<string, unknown> = {}
  let isEmpty = true
  for (const [name, member] of Object.entries(value)) {
    const element = fieldElement(name)
    if (member === undefined || fields.get(element)?.isMember) continue
    setKey(result, name, removeFields(memberType(map, name), member, fieldsBelow(fields, element)))
    isEmpty = false
  }
  return isEmpty ? null : result
}

function removeFromList(list: ListType, value: unknown, fields: FieldSet): unknown {
  if (!Array.isArray(value) || list.relation === 'atomic') return null
  const kept = value.flatMap((item: unknown) => {
    const found = listItem(list, item)
    if (!found.ok) return [item]
    if (fields.get(found.element)?.isMember) return []
    return [removeFields(list.items, item, fieldsBelow(fields, found.element))]
  })
  return kept.length === 0 ? null : kept
}
