import type { Found } from './compare.ts'
import { shownCharactersMax } from './limits.ts'
import type { RowResult } from './table.ts'

/** What is to be read about a row that is not green. */
export function describeResult(result: RowResult): string {
  const { row } = result
  if (!result.ok) return `✗ ${row.name}\n    ${result.problem}`
  const { undocumented, vanished } = result.verdict
  return [
    `✗ ${row.name}`,
    ...undocumented.map((found) =>
      describeFound(row.steps[Number(found.at.split('.')[0])]?.ask, found),
    ),
    ...vanished.map(
      ({ at, why }) => `    at ${at} there is no difference any more: delete the line "${why}"`,
    ),
  ].join('\n')
}

function describeFound(ask: string | undefined, { at, theirs, ours }: Found): string {
  return [
    `    ${at}   (${(ask ?? '').slice(0, 160)})`,
    `      kubernetes: ${shown(theirs)}`,
    `      hub:        ${shown(ours)}`,
  ].join('\n')
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, shownCharactersMax)
}
