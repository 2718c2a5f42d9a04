import { type AnyKind, type Column, resourceName, valueAt } from './kind.ts'
import type { StoredObject } from './object.ts'

/** Kubernetes' `meta/v1.Table`: what `kubectl get` shows. */
export type Table = {
  readonly kind: 'Table'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: { readonly resourceVersion?: string; readonly annotations?: object }
  readonly columnDefinitions: readonly ColumnDefinition[]
  readonly rows: readonly TableRow[]
}

export type ColumnDefinition = {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly description: string
  readonly priority: number
}

export type TableRow = { readonly cells: readonly Cell[]; readonly object: object | null }
type Cell = string | number | boolean | null

/** How much of the object travels with its row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

export type TableOptions = {
  readonly nowMs: number
  readonly includeObject: IncludeObject
  readonly resourceVersion?: string
}

/** Names of events are made by programs and tell a person nothing: they stand last, with `-o wide`. */
const namedLast: ReadonlySet<string> = new Set(['events', 'events.events.k8s.io'])

const nameDescription = 'Name, unique among its kind within the namespace.'

export function columnDefinitions(kind: AnyKind): ColumnDefinition[] {
  const isLast = namedLast.has(resourceName(kind))
  const name: ColumnDefinition = {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: nameDescription,
    priority: isLast ? 1 : 0,
  }
  const others = kind.columns.map((column): ColumnDefinition => ({
    name: column.name,
    // Of Kubernetes' own kinds every cell is a text.
    type: kind.isBuiltIn ? 'string' : column.type,
    format: column.format ?? '',
    description: column.description,
    priority: column.priority ?? 0,
  }))
  return isLast ? [...others, name] : [name, ...others]
}

export function tableOf(
  kind: AnyKind,
  objects: readonly StoredObject[],
  options: TableOptions,
): Table {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata:
      options.resourceVersion === undefined ? {} : { resourceVersion: options.resourceVersion },
    columnDefinitions: columnDefinitions(kind),
    rows: objects.map((object): TableRow => ({
      cells: cellsOf(kind, object, options.nowMs),
      ...rowObject(object, options.includeObject),
    })),
  }
}

/** What a row shows, in the order of the column definitions. */
export function cellsOf(kind: AnyKind, object: StoredObject, nowMs: number): Cell[] {
  const cells = kind.columns.map(
    (column) => cellOf(column, object, nowMs) ?? (kind.isBuiltIn ? '' : null),
  )
  const { name } = object.metadata
  return namedLast.has(resourceName(kind)) ? [...cells, name] : [name, ...cells]
}

function rowObject(object: StoredObject, include: IncludeObject): { object: object | null } {
  switch (include) {
    case 'None':
      return { object: null }
    case 'Object':
      return { object }
    case 'Metadata':
      return { object: partialMetadata(object) }
  }
}

/** Kubernetes' `meta/v1.PartialObjectMetadata`: an object without its body. */
export function partialMetadata(object: StoredObject): object {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata,
  }
}

function cellOf(column: Column, object: StoredObject, nowMs: number): Cell {
  if (column.cell !== undefined) return column.cell(object, nowMs)
  if (column.read !== undefined) return cellOfType(column, column.read(object), nowMs)
  const value = valueAt(object, column.path)
  if (value === undefined || value === null) return null
  if (column.type === 'date') return typeof value === 'string' ? ageOf(value, nowMs) : '<unknown>'
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  return JSON.stringify(value)
}

/** A value as the columns of definitions show it: what is not of the column's type is not shown. */
function cellOfType({ type }: Column, value: unknown, nowMs: number): Cell {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      if (typeof value !== 'string') return null
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : ageOf(value, nowMs)
  }
}

function ageOf(timestamp: string, nowMs: number): string {
  const sinceMs = Date.parse(timestamp)
  return Number.isNaN(sinceMs) ? '<unknown>' : humanAge(nowMs - sinceMs)
}

/** An age as `kubectl` writes it: `47s`, `3m12s`, `5h`, `2d4h`, `3y`. */
export function humanAge(ageMs: number): string {
  const seconds = Math.trunc(ageMs / 1000)
  // Clocks differ by a moment; more than that is worth seeing.
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.trunc(seconds / 60)
  if (minutes < 10) return twoUnits([minutes, 'm'], [seconds % 60, 's'])
  if (minutes < 180) return `${minutes}m`
  const hours = Math.trunc(minutes / 60)
  if (hours < 8) return twoUnits([hours, 'h'], [minutes % 60, 'm'])
  if (hours < 48) return `${hours}h`
  const days = Math.trunc(hours / 24)
  if (days < 8) return twoUnits([days, 'd'], [hours % 24, 'h'])
  if (days < 730) return `${days}d`
  const years = Math.trunc(days / 365)
  return years < 8 ? twoUnits([years, 'y'], [days % 365, 'd']) : `${years}y`
}

function twoUnits(large: [number, string], small: [number, string]): string {
  return small[0] === 0 ? large.join('') : `${large.join('')}${small.join('')}`
}
