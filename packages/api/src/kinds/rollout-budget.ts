import type { Problem } from '../problem.ts'
import { type Infer, integer, object, optional, string } from '../schema.ts'

export const budgetSchema = object(
  {
    label: optional(
      string(
        'Sites with the same value of this label share the budget, those without the label too; absent: all sites of the fleet do.',
        { minLength: 1, maxLength: 317 },
      ),
    ),
    maxSites: optional(
      integer('How many of them may be unavailable at the same time.', { minimum: 1 }),
    ),
    maxPercent: optional(
      integer('The same as a share of them, rounded down.', { minimum: 1, maximum: 100 }),
    ),
  },
  'How many sites may be unavailable at once. A site counts while it changes, while another fleet changes it, and while it is Failed; one that is offline does not.',
)
export type Budget = Infer<typeof budgetSchema>

export function budgetProblems(budgets: readonly Budget[], path: string): Problem[] {
  return budgets.flatMap((budget, index): Problem[] =>
    (budget.maxSites === undefined) === (budget.maxPercent === undefined)
      ? [
          {
            path: `${path}[${index}]`,
            type: 'Invalid',
            message: 'set either maxSites or maxPercent',
          },
        ]
      : [],
  )
}
