import { differences } from './differences.ts'
import type { Row } from './row.ts'
import { createRows } from './rows/create.ts'
import { documentRows } from './rows/documents.ts'
import { hostileRows } from './rows/hostile.ts'
import { identityRows } from './rows/identity.ts'
import { kindRows } from './rows/kinds.ts'
import { namespaceRows } from './rows/namespaces.ts'
import { patchRows } from './rows/patch.ts'
import { pathRows } from './rows/paths.ts'
import { readRows } from './rows/read.ts'
import { deleteRows } from './rows/remove.ts'
import { updateRows } from './rows/update.ts'
import { watchRows } from './rows/watch.ts'

const all: readonly Row[] = [
  ...createRows,
  ...readRows,
  ...updateRows,
  ...patchRows,
  ...deleteRows,
  ...watchRows,
  ...namespaceRows,
  ...kindRows,
  ...identityRows,
  ...hostileRows,
  ...pathRows,
  ...documentRows,
]

/** The whole table, each row with its differences. */
export const rows: readonly Row[] = all.map((row) => {
  const differs = [...(row.differs ?? []), ...(differences[row.name] ?? [])]
  return differs.length === 0 ? row : { ...row, differs }
})

/** Reasons that belong to no row: the row was renamed or is gone. */
export const strayDifferences: readonly string[] = Object.keys(differences).filter(
  (name) => !all.some((row) => row.name === name),
)
