import type { LabelRequirement, LabelSelector } from '@skerry/api/selector'

/** A selector with more values than this for one key is looked at row by row: no index helps it. */
const indexedValuesMax = 16

/** Adds a value to a statement and answers its placeholder. */
export type Bind = (value: unknown) => string

/** A label selector as conditions on the column `labels`; those of equality are answered by its index. */
export function labelConditions(selector: LabelSelector, bind: Bind): string[] {
  return selector.map((requirement) => conditionOf(requirement, bind))
}

function conditionOf(requirement: LabelRequirement, bind: Bind): string {
  const { key } = requirement
  switch (requirement.operator) {
    case 'Exists':
      return `labels ? ${bind(key)}`
    case 'DoesNotExist':
      return `not labels ? ${bind(key)}`
    case 'In':
      return requirement.values.length <= indexedValuesMax
        ? anyOf(requirement.values.map((value) => `labels @> ${bind(pairOf(key, value))}::jsonb`))
        : `labels ->> ${bind(key)} = any(${bind(requirement.values)}::text[])`
    case 'NotIn':
      return `coalesce(labels ->> ${bind(key)} <> all(${bind(requirement.values)}::text[]), true)`
    case 'Gt':
      return isPast(bind(key), '>', bind(requirement.values[0]))
    case 'Lt':
      return isPast(bind(key), '<', bind(requirement.values[0]))
  }
}

/** Labels that are no numbers are on neither side. */
function isPast(key: string, comparison: '>' | '<', bound: string): string {
  return `(case when labels ->> ${key} ~ '^[+-]?[0-9]{1,18}$' then (labels ->> ${key})::bigint ${comparison} ${bound}::numeric else false end)`
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`
}

/** A name like `__proto__` is a key like any other. */
function pairOf(key: string, value: string): string {
  return `{${JSON.stringify(key)}:${JSON.stringify(value)}}`
}
