import { equalJson } from '@skerry/base/json'
import type { LabelRequirement, LabelSelector } from '@skerry/api/selector'

/** Whether whatever the first selector chooses is surely chosen by the second. When in doubt, no. */
export function selectorImplies(narrow: LabelSelector, wide: LabelSelector): boolean {
  return wide.every((wanted) => narrow.some((given) => implies(given, wanted)))
}

function implies(given: LabelRequirement, wanted: LabelRequirement): boolean {
  if (given.key !== wanted.key) return false
  switch (wanted.operator) {
    case 'Exists':
      return given.operator === 'Exists' || given.operator === 'In'
    case 'DoesNotExist':
      return given.operator === 'DoesNotExist'
    case 'In':
      return given.operator === 'In' && given.values.every((value) => wanted.values.includes(value))
    case 'NotIn':
      if (given.operator === 'DoesNotExist') return true
      if (given.operator === 'In')
        return given.values.every((value) => !wanted.values.includes(value))
      return (
        given.operator === 'NotIn' && wanted.values.every((value) => given.values.includes(value))
      )
    case 'Gt':
    case 'Lt':
      return given.operator === wanted.operator && given.values[0] === wanted.values[0]
    default:
      return equalJson(given, wanted)
  }
}
