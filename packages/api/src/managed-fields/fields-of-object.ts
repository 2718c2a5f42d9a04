import { isPlainObject } from '@skerry/base/json'
import { type FieldSet, type FieldSetBuilder, insertField } from './field-set.ts'
import {
  type FieldType,
  type ListType,
  type MapType,
  firstShape,
  memberType,
  shapeOf,
} from './field-type.ts'
import { itemsByElement } from './list-item.ts'
import { type PathElement, fieldElement } from './path-element.ts'

/** Every leaf and every item that an object names: what whoever applies it asks to own. */
export function fieldsOfObject(type: FieldType, value: unknown): FieldSet {
  const walk: Walk = { set: new Map(), path: [] }
  visit(walk, type, value)
  return walk.set
}

type Walk = { readonly set: FieldSetBuilder; readonly path: PathElement[] }

function visit(walk: Walk, type: FieldType, value: unknown): void {
  const shape = shapeOf(type, value) ?? firstShape(type)
  if (shape === 'scalar') insertField(walk.set, walk.path)
  else if (shape === 'list') visitList(walk, type.list!, value)
  else visitMap(walk, type.map!, value)
}

function visitMap(walk: Walk, map: MapType, value: unknown): void {
  if (map.isAtomic) return insertField(walk.set, walk.path)
  if (!isPlainObject(value)) return
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue
    walk.path.push(fieldElement(name))
    visit(walk, memberType(map, name), member)
    const isEmpty = member === null || (isPlainObject(member) && Object.keys(member).length === 0)
    if (isEmpty || !map.fields.has(name)) insertField(walk.set, walk.path)
    walk.path.pop()
  }
}

function visitList(walk: Walk, list: ListType, value: unknown): void {
  if (list.relation === 'atomic') return insertField(walk.set, walk.path)
  if (!Array.isArray(value)) return
  for (const [element, items] of itemsByElement(list, value)) {
    walk.path.push(element)
    if (items.length === 1) visit(walk, list.items, items[0])
    insertField(walk.set, walk.path)
    walk.path.pop()
  }
}
