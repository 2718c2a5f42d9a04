import type { Problem } from '../problem.ts'
import { type Infer, list, map, object, oneOf, optional, string } from '../schema.ts'

export const labelSelectorSchema = object(
  {
    matchLabels: optional(map(string('Value.'), 'Labels that must be equal.')),
    matchExpressions: optional(
      list(
        object(
          {
            key: string('Label.'),
            operator: oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist'], 'How it is compared.'),
            values: optional(list(string('Value.'), 'Values for In and NotIn.')),
          },
          'One requirement.',
        ),
        'Requirements that must all hold.',
      ),
    ),
  },
  'Selects sites by their labels; empty selects all.',
)
type Selector = Infer<typeof labelSelectorSchema>

export function selectorProblems({ matchExpressions = [] }: Selector, path: string): Problem[] {
  return matchExpressions.flatMap(({ operator, values }, index): Problem[] => {
    const needsValues = operator === 'In' || operator === 'NotIn'
    if (needsValues === (values ?? []).length > 0) return []
    return [
      {
        path: `${path}.matchExpressions[${index}].values`,
        type: needsValues ? 'Required' : 'Forbidden',
        message: needsValues ? `name the values for ${operator}` : `not allowed with ${operator}`,
      },
    ]
  })
}
