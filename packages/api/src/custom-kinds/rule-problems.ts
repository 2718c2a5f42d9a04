import type { Problem } from '../problem.ts'
import type { JsonSchemaProps } from './json-schema-props.ts'

/** What is wrong with the rules in a schema. */
export function ruleProblems(_props: JsonSchemaProps, _path: string): Problem[] {
  return []
}
