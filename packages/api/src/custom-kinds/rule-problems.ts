import type { Problem } from '../problem.ts'
import type { Schema, ValidationRule } from '../schema.ts'
import { compileRule, fieldsOfPath } from './cel/rule.ts'
import { typeOfSchema } from './cel/types.ts'
import type { JsonSchemaProps } from './json-schema-props.ts'
import { schemaOfProps } from './schema-of-props.ts'

/** What is wrong with the rules in a schema, in Kubernetes' words. */
export function ruleProblems(props: JsonSchemaProps, path: string): Problem[] {
  const problems: Problem[] = []
  walk(schemaOfProps(props), { path, isRoot: true, apart: undefined }, problems)
  return problems
}

type Place = {
  readonly path: string
  readonly isRoot: boolean
  /** Below which list items have no past that could be told. */
  readonly apart: string | undefined
}

function walk(schema: Schema, place: Place, problems: Problem[]): void {
  const { path, apart } = place
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries())
    problems.push(
      ...oneRule(schema, { rule, at: `${path}.x-kubernetes-validations[${index}]`, place }),
    )
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    walk(member, { path: `${path}.properties[${name}]`, isRoot: false, apart }, problems)
  if (schema.additionalProperties !== undefined)
    walk(
      schema.additionalProperties,
      { path: `${path}.additionalProperties`, isRoot: false, apart },
      problems,
    )
  if (schema.items !== undefined) {
    const isMap = schema['x-kubernetes-list-type'] === 'map'
    const items = `${path}.items`
    walk(
      schema.items,
      { path: items, isRoot: false, apart: apart ?? (isMap ? undefined : path) },
      problems,
    )
  }
}

const reasons = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
]

function oneRule(
  schema: Schema,
  {
    rule,
    at,
    place,
  }: { readonly rule: ValidationRule; readonly at: string; readonly place: Place },
): Problem[] {
  const problems: Problem[] = []
  const add = (field: string, type: Problem['type'], value: unknown, message: string): unknown =>
    problems.push({
      path: `${at}.${field}`,
      type,
      ...(value === undefined ? {} : { value }),
      message,
    })
  const { message = '', reason, fieldPath = '' } = rule
  if ((rule.rule ?? '').trim() === '') {
    add('rule', 'Required', undefined, 'rule is not specified')
    return problems
  }
  if (/[\r\n]/.test(message.trim()))
    add('message', 'Invalid', message, 'must not contain line breaks')
  if (message !== '' && message.trim() === '')
    add('message', 'Invalid', message, 'message must be non-empty if specified')
  if (reason !== undefined && !reasons.includes(reason))
    add(
      'reason',
      'NotSupported',
      reason,
      `supported values: ${reasons.map((each) => `"${each}"`).join(', ')}`,
    )
  const type = typeOfSchema(schema, place.isRoot)
  if (type === undefined) {
    add('rule', 'Invalid', shownRule(rule), 'compilation failed: the schema gives self no type')
    return problems
  }
  if (fieldPath !== '' && fieldsOfPath(fieldPath, type) === undefined)
    add('fieldPath', 'Invalid', fieldPath, 'must be a valid path')
  const compiled = compileRule(rule, type)
  if ('field' in compiled) {
    const value = compiled.field === 'optionalOldSelf' ? rule.optionalOldSelf : shownRule(rule)
    add(compiled.field, 'Invalid', value, compiled.message)
  } else if (compiled.usesOldSelf && place.apart !== undefined)
    add(
      'rule',
      'Invalid',
      rule.rule,
      `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.apart}`,
    )
  return problems
}

/** A rule as the error shows it. */
function shownRule(rule: ValidationRule): object {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
}
