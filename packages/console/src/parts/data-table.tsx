import { type ReactNode, useState } from 'react'
import { rowsShownFirst, rowsShownMore } from '../limits.ts'
import { formatCount } from '../logic/format.ts'
import type { SortOrder } from '../logic/site-rows.ts'

export type TableColumn<Row, Key extends string = string> = {
  readonly key: Key
  readonly header: string
  readonly cell: (row: Row) => ReactNode
  /** Numbers stand to the right, under each other. */
  readonly isNumber?: boolean
  /** The cell that names the row. */
  readonly isName?: boolean
  /** On a narrow screen the cell takes the whole width, without its header. */
  readonly isWide?: boolean
}

type Sorting<Key extends string> = {
  readonly order: SortOrder<Key>
  readonly onSort: (order: SortOrder<Key>) => void
}

type Props<Row, Key extends string> = {
  readonly caption: string
  readonly columns: readonly TableColumn<Row, Key>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly sorting?: Sorting<Key>
}

/**
 * A table that becomes cards on a narrow screen. The roles are written out, as browsers forget that
 * a table is one when its display changes.
 */
export function DataTable<Row, Key extends string>(props: Props<Row, Key>) {
  const { caption, columns, rows, keyOf, sorting } = props
  const [shown, setShown] = useState(rowsShownFirst)
  const hidden = rows.length - shown
  return (
    <div className="table-frame">
      <table role="table" className="data-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.slice(0, shown).map((row) => (
            <tr role="row" key={keyOf(row)}>
              {columns.map((column) => (
                <Cell key={column.key} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <button
          type="button"
          className="more"
          onClick={() => setShown((count) => count + rowsShownMore)}
        >
          Show {formatCount(Math.min(hidden, rowsShownMore))} more of {formatCount(rows.length)}
        </button>
      )}
    </div>
  )
}

function Cell<Row, Key extends string>({
  column,
  row,
}: {
  column: TableColumn<Row, Key>
  row: Row
}) {
  const classes = [column.isNumber && 'number', column.isName && 'name', column.isWide && 'wide']
  const className = classes.filter(Boolean).join(' ')
  if (column.isName === true)
    return (
      <th role="rowheader" scope="row" className={className}>
        {column.cell(row)}
      </th>
    )
  return (
    <td role="cell" className={className} data-label={column.header}>
      {column.cell(row)}
    </td>
  )
}

function HeaderCell<Row, Key extends string>({
  column,
  sorting,
}: {
  column: TableColumn<Row, Key>
  sorting: Sorting<Key> | undefined
}) {
  const className = column.isNumber === true ? 'number' : ''
  if (sorting === undefined)
    return (
      <th role="columnheader" scope="col" className={className}>
        {column.header}
      </th>
    )
  const { order, onSort } = sorting
  const isSorted = order.key === column.key
  const direction = order.isDescending ? 'descending' : 'ascending'
  return (
    <th
      role="columnheader"
      scope="col"
      className={className}
      aria-sort={isSorted ? direction : 'none'}
    >
      <button
        type="button"
        className="sort"
        onClick={() => onSort({ key: column.key, isDescending: isSorted && !order.isDescending })}
      >
        {column.header}
        <span className="sort-mark" aria-hidden="true">
          {isSorted ? (order.isDescending ? '↓' : '↑') : '↕'}
        </span>
      </button>
    </th>
  )
}
