import type { Row } from './row.ts'
import { createRows } from './rows/create.ts'

/** The whole table. */
export const rows: readonly Row[] = [...createRows]
