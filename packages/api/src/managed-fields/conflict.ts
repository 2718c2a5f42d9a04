import { ApiError } from '../status.ts'
import { type FieldPath, type FieldSet, intersectionOf, pathsOf, showPath } from './field-set.ts'
import type { Managed, Owner } from './managed.ts'
import { compareText } from './path-element.ts'

/** Fields that somebody wants to set and that others hold with another value. */
export type Conflict = { readonly manager: Owner; readonly path: FieldPath }

/** The managers other than the one who applies, in order, each with what of theirs would change. */
export function conflictsOf(managed: Managed, written: FieldSet, applier: string): Conflict[] {
  return [...managed]
    .filter(([id]) => id !== applier)
    .sort(([left], [right]) => compareText(left, right))
    .flatMap(([, manager]) =>
      pathsOf(intersectionOf(manager.fields, written)).map((path) => ({ manager, path })),
    )
}

/** 409 in the words of a kube-apiserver. */
export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${showOwner(manager)}`,
    field: showPath(path),
  }))
  return new ApiError('Conflict', conflictMessage(conflicts), { causes })
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [only] = conflicts
  if (only !== undefined && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${showOwner(only.manager)}: ${showPath(only.path)}`
  const lines = [...new Set(conflicts.map(({ manager }) => manager))].flatMap((manager) => [
    `conflicts with ${showOwner(manager)}:`,
    ...conflicts
      .filter((conflict) => conflict.manager === manager)
      .map(({ path }) => `- ${showPath(path)}`),
  ])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function showOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = JSON.stringify(manager)
  const named =
    subresource === '' ? name : `${name} with subresource ${JSON.stringify(subresource)}`
  return operation === 'Update' ? `${named} using ${apiVersion}` : named
}
