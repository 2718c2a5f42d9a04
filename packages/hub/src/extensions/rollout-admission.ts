import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import type { Problem } from '@skerry/api/problem'
import { invalid } from '@skerry/api/status'
import { equalJson } from '@skerry/base/json'
import type { Admit } from '../api-server/extension.ts'

/** What says who asked for what: written by the verbs alone, which know who speaks. */
const signedFields = ['by', 'waves', 'sites'] as const

/** The door for rollouts: nobody signs in the name of somebody else, or approves twice. */
export const admitRollout: Admit = async (operation, object, before) => {
  if (operation === 'delete') return object
  const { control } = (object as Rollout).spec
  const known = operation === 'update' ? (before as Rollout | undefined)?.spec.control : undefined
  const problems = signedFields.flatMap((field): Problem[] =>
    equalJson(control[field] ?? null, known?.[field] ?? null)
      ? []
      : [
          {
            path: `spec.control.${field}`,
            type: 'Forbidden',
            message: `is set by the verbs of a rollout alone: POST to ${rolloutKind.plural}/NAME/VERB`,
          },
        ],
  )
  if (problems.length > 0) throw invalid(rolloutKind, object.metadata.name ?? '', problems)
  return object
}
