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

/** The whole table. */
export const rows: readonly Row[] = [
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
