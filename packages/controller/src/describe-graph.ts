import { resourceName } from '@skerry/api/kind'
import type { Controller } from './controller.ts'

/** Who reads what and who writes what: the architecture, as text. */
export function describeGraph(controllers: readonly Controller[]): string {
  return controllers
    .map(({ name, reads, owns, makes = [] }) => {
      const lines = [
        ['reads', reads.map(({ kind }) => kind.kind)],
        ['owns', owns.map(([kind, field]) => `${kind.kind}.status.${field}`)],
        ['makes', makes.map((kind) => kind.kind)],
      ] as const
      const shown = lines
        .filter(([, items]) => items.length > 0)
        .map(([verb, items]) => `  ${verb.padEnd(6)}${[...new Set(items)].join(', ')}`)
      return [name, ...shown].join('\n')
    })
    .join('\n\n')
}

/** Two writers of one field are a race: an error at start. So is a writer that the kind does not know. */
export function ownershipProblems(controllers: readonly Controller[]): string[] {
  const owners = new Map<string, string>()
  return controllers.flatMap(({ name, owns }) =>
    owns.flatMap(([kind, field]) => {
      const path = `${resourceName(kind)} status.${field}`
      const problems: string[] = []
      const other = owners.get(path)
      if (other !== undefined)
        problems.push(`${path} is owned by both ${other} and ${name}: one of them must let go`)
      owners.set(path, name)
      const declared = kind.statusOwners[field]
      if (declared !== name)
        problems.push(
          `${path} is declared by its kind to belong to ${declared ?? 'nobody'}, not to ${name}`,
        )
      return problems
    }),
  )
}
